"""`planning.disposals` and `planning.disposal_alternatives`: what to do with stock and orders that are too much.

Every alternative is valued by its expected net present value per unit, keeping the unit and selling it at its pace
among them (`keep`). Open orders that are not wanted go first (`open_orders`); what is there then goes its best ways, as
long as each unit brings more than it would if it were kept; the rest is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.disposal.allocate import allocate
from assets.planning.disposal.candidates import described, keeping
from assets.planning.disposal.capacity import options
from assets.planning.disposal.keep import YEAR, Keeping
from assets.planning.disposal.open_orders import order_options
from assets.planning.disposal.settings import DisposalSettings
from assets.planning.sentences import joined, say

KEYS = ["item_id", "warehouse_id"]
COLUMNS = [
    *KEYS, "way", "way_rank", "destination", "disposal_units", "book_value", "expected_recovery_value",
    "recovery_per_unit_value", "keep_per_unit_value", "gain_value", "expected_loss_value", "done_by_date",
    "value_status", "reason",
]  # fmt: skip
ALTERNATIVE_COLUMNS = [
    *KEYS, "alternative_no", "alternative", "destination", "capacity_units", "net_present_per_unit_value",
    "keep_per_unit_value", "chosen_units", "value_status",
]  # fmt: skip


@dataclass(frozen=True)
class DisposalInputs:
    """replenishment: after transfers. spine: int_item_warehouses. max_cover_days: by item and warehouse. lanes: of
    `lane_table`. partners: of `sells_with`, None: not known. last_receipts: item_id, warehouse_id, window_units, None:
    returns are not proposed. learnt: recovery_rate by way from the company's own record."""

    replenishment: pd.DataFrame
    spine: pd.DataFrame
    max_cover_days: pd.Series
    lanes: pd.DataFrame
    partners: pd.DataFrame | None = None
    last_receipts: pd.DataFrame | None = None
    learnt: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Ranked:
    """disposals (COLUMNS): what to do. alternatives (ALTERNATIVE_COLUMNS): all that was compared, keeping included."""

    disposals: pd.DataFrame
    alternatives: pd.DataFrame


def rank_disposals(
    inputs: DisposalInputs, *, as_of: dt.date, settings: DisposalSettings, holding_rate: float, is_whole_units: bool
) -> Ranked:
    """Ways out of stock that is too much, best first, each of them better than keeping the units.

    Recovery per unit is chance x what it brings now + (1 - chance) x what keeping is worth - cost - storing until then.
    Without a unit cost the ways are compared in shares of the cost and the money is `not_available`.
    """
    settings = _with_learnt(settings, inputs.learnt)
    rows = described(
        inputs.replenishment, inputs.spine, inputs.max_cover_days, inputs.last_receipts, as_of=as_of, settings=settings
    )
    for name in ("surplus_units", "order_surplus_units"):
        rows[name] = np.floor(rows[name] + 1e-9) if is_whole_units else rows[name]
    keep = keeping(rows, settings, holding_rate)
    orders = _orders(rows, keep, settings, as_of)
    ways = _ways(rows, keep, inputs, settings, is_whole_units)
    alternatives = _alternatives(rows, keep, orders, ways)
    done = pd.concat([orders[orders["is_chosen"]].assign(units=lambda f: f["capacity_units"]), ways[ways["units"] > 0]])
    if done.empty:
        return Ranked(pd.DataFrame(columns=COLUMNS), alternatives)
    return Ranked(_result(done, rows, as_of), alternatives)


def _with_learnt(settings: DisposalSettings, learnt: Mapping[str, float] | None) -> DisposalSettings:
    ways = {
        name: way.model_copy(update={"recovery_rate": learnt[name]}) if learnt and name in learnt else way
        for name, way in settings.ways.items()
    }
    return settings.model_copy(update={"ways": ways})


def _orders(rows: pd.DataFrame, keep: Keeping, settings: DisposalSettings, as_of: dt.date) -> pd.DataFrame:
    at = np.flatnonzero(rows["order_surplus_units"].to_numpy(float) > 0)
    found = order_options(rows.iloc[at].reset_index(drop=True), keep.take(at), settings=settings, as_of=as_of)
    return found.assign(is_order=True)


def _ways(
    rows: pd.DataFrame, keep: Keeping, inputs: DisposalInputs, settings: DisposalSettings, is_whole_units: bool
) -> pd.DataFrame:
    """Options of the candidates with their value and the units that go by them."""
    at = np.flatnonzero(rows["is_candidate"].to_numpy(bool))
    candidates, here = rows.iloc[at].reset_index(drop=True), keep.take(at)
    candidates = candidates.assign(row=np.arange(len(at)), price_value=here.price, cost_value=here.cost)
    lacking = (rows["day_units"] * settings.horizon_days - rows["on_hand_units"] - rows["on_order_units"]).clip(lower=0)
    receivers = rows.assign(lacking_units=lacking, price_value=keep.price)
    receivers = receivers.loc[
        receivers["is_live"] & ~receivers["is_candidate"],
        [*KEYS, "day_units", "lacking_units", "price_value", "cover_days"],
    ]
    found = options(candidates, receivers, inputs.lanes, inputs.partners, settings)
    row = found["row"].to_numpy(int)
    own = here.take(row)
    chance, years = found["chance_rate"].to_numpy(float), found["days"].to_numpy(float) / YEAR
    brings = found["brings_value"].to_numpy(float) * np.exp(-settings.discount_rate * years)
    spent = found["cost_value"].to_numpy(float) + own.storage_rate * own.cost * years
    hurdle = settings.min_gain_rate * own.cost
    # the kept worth at which chance x (brings - kept) just pays the cost and the hurdle
    even = brings - (spent + hurdle) / chance
    found = found.assign(brings=brings, spent=spent, even=even)
    stock = (candidates["on_hand_units"] - candidates["gone_units"]).to_numpy(float)
    since = own.days_worth(even)
    beyond = np.where(np.isfinite(since), since, 0.0) * own.day_units
    found["worth_units"] = np.where(np.isfinite(since), np.clip(stock[row] - beyond, 0, None), 0.0)
    found["order_gain"] = chance * (brings - own.never) - spent
    rank = ["order_gain", "row", "way", "destination"]
    found = found.sort_values(rank, ascending=[False, True, True, True], ignore_index=True)
    step = np.full(len(found), 1.0 if is_whole_units else 0.0)
    units = allocate(found, candidates["surplus_units"].to_numpy(float), found["worth_units"].to_numpy(float), step)
    return _valued(found.assign(units=units), candidates, here, stock)


def _valued(found: pd.DataFrame, candidates: pd.DataFrame, keep: Keeping, stock: np.ndarray) -> pd.DataFrame:
    """Worth of keeping the very units that an option takes (its first unit where it takes none), and its own value."""
    row = found["row"].to_numpy(int)
    before = found.groupby("row")["units"].cumsum().to_numpy(float) - found["units"].to_numpy(float)
    last = stock[row] - before
    first = last - np.maximum(found["units"].to_numpy(float), 1e-6)
    kept = keep.take(row).mean(np.clip(first, 0, None), np.clip(last, 1e-6, None))
    chance = found["chance_rate"].to_numpy(float)
    value = chance * found["brings"] + (1 - chance) * kept - found["spent"]
    units = found["units"].to_numpy(float)
    pays = (value - kept) * units > found["move_value"].to_numpy(float)
    result = found.assign(units=np.where(pays, units, 0.0), value_per_unit=value, keep_per_unit_value=kept)
    result["value_per_unit"] -= np.divide(
        result["move_value"], result["units"], out=np.zeros(len(result)), where=result["units"].to_numpy() > 0
    )
    keys = candidates[[*KEYS, "idle_text"]].iloc[row].reset_index(drop=True)
    return pd.concat([keys.rename(columns={"idle_text": "text"}), result.reset_index(drop=True)], axis=1).assign(
        is_order=False
    )


def _result(done: pd.DataFrame, rows: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    costs = rows[[*KEYS, "unit_cost", "has_cost"]]
    result = done.reset_index(drop=True).merge(costs, on=KEYS, how="left")
    result["gain"] = result["value_per_unit"] - result["keep_per_unit_value"]
    result = result.sort_values([*KEYS, "is_order", "gain", "way", "destination"],
                                ascending=[True, True, False, False, True, True], ignore_index=True)  # fmt: skip
    result["way_rank"] = result.groupby(KEYS, sort=False).cumcount() + 1
    scale = result["unit_cost"].where(result["has_cost"])
    money = np.where(result["has_cost"], 1.0, np.nan)
    result["disposal_units"] = result["units"]
    result["book_value"] = result["units"] * scale
    result["recovery_per_unit_value"] = result["value_per_unit"] * money
    result["keep_per_unit_value"] = result["keep_per_unit_value"] * money
    result["expected_recovery_value"] = result["recovery_per_unit_value"] * result["units"]
    result["gain_value"] = result["gain"] * result["units"] * money
    result["expected_loss_value"] = result["book_value"] - result["expected_recovery_value"]
    days = pd.to_timedelta(result["days"].astype(float).fillna(0.0).round(), unit="D")
    result["done_by_date"] = pd.to_datetime(result["done_by_date"]).fillna(pd.Timestamp(as_of) + days)
    result["value_status"] = np.where(result["has_cost"], "ok", "not_available: no unit cost")
    net, kept = _percent(result, result["value_per_unit"]), _percent(result, result["value_per_unit"] - result["gain"])
    result["reason"] = [
        joined(text, say("worth", *percents)) for text, *percents in zip(result["text"], net, kept, strict=True)
    ]
    result["destination"] = result["destination"].fillna("").astype(str)
    return result[COLUMNS]


def _percent(rows: pd.DataFrame, value: pd.Series) -> pd.Series:
    cost = rows["unit_cost"].where(rows["has_cost"] & (rows["unit_cost"] > 0), 1.0)
    return (value / cost * 100).round().astype(int)


def _alternatives(rows: pd.DataFrame, keep: Keeping, orders: pd.DataFrame, ways: pd.DataFrame) -> pd.DataFrame:
    """All that was compared for the candidates and for orders in surplus; `keep` with the units that stay."""
    parts = [
        orders.assign(alternative=orders["way"], chosen_units=orders["capacity_units"].where(orders["is_chosen"], 0.0)),
        ways.assign(alternative=ways["way"], chosen_units=ways["units"]),
    ]
    at = np.flatnonzero(rows["is_candidate"].to_numpy(bool))
    kept = rows.iloc[at][KEYS].reset_index(drop=True)
    surplus = rows["surplus_units"].to_numpy(float)[at]
    gone = ways.groupby(KEYS)["units"].sum().reindex(pd.MultiIndex.from_frame(kept)).fillna(0.0).to_numpy(float)
    stock = (rows["on_hand_units"] - rows["gone_units"]).to_numpy(float)[at]
    worth = keep.take(at).mean(np.clip(stock - surplus, 0, None), np.maximum(stock, 1e-6))
    parts.append(
        kept.assign(
            alternative="keep", destination="", capacity_units=np.nan, value_per_unit=worth, keep_per_unit_value=worth,
            chosen_units=surplus - gone,
        )
    )  # fmt: skip
    found = pd.concat(parts, ignore_index=True).merge(rows[[*KEYS, "has_cost"]], on=KEYS, how="left")
    if found.empty:
        return pd.DataFrame(columns=ALTERNATIVE_COLUMNS)
    money = np.where(found["has_cost"], 1.0, np.nan)
    found["net_present_per_unit_value"] = found["value_per_unit"] * money
    found["keep_per_unit_value"] = found["keep_per_unit_value"] * money
    found["capacity_units"] = found["capacity_units"].astype(float).replace(np.inf, np.nan)
    found["value_status"] = np.where(found["has_cost"], "ok", "not_available: no unit cost")
    found["destination"] = found["destination"].fillna("").astype(str)
    order = [*KEYS, "value_per_unit", "alternative", "destination"]
    found = found.sort_values(order, ascending=[True, True, False, True, True], ignore_index=True)
    found["alternative_no"] = found.groupby(KEYS, sort=False).cumcount() + 1
    return found[ALTERNATIVE_COLUMNS]
