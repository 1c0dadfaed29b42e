"""`planning.disposals`: for each lot of stock that must go, its ways out by expected net recovery."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from assets.planning.disposal.capacity import capacities
from assets.planning.disposal.settings import DisposalSettings
from assets.planning.policy.row_levels import number

KEYS = ["item_id", "warehouse_id"]
COLUMNS = [
    *KEYS, "way", "way_rank", "disposal_units", "book_value", "expected_recovery_value", "recovery_per_unit_value",
    "expected_loss_value", "done_by_date", "value_status", "reason",
]  # fmt: skip


def rank_disposals(
    replenishment: pd.DataFrame,
    spine: pd.DataFrame,
    *,
    as_of: dt.date,
    settings: DisposalSettings,
    holding_rate: float,
    partners: pd.DataFrame | None = None,
    last_receipts: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Ways out of excess that will not sell, best first, until all of it is placed.

    Args:
        replenishment: planning.replenishment, after transfers. spine: int_item_warehouses. partners: of `sells_with`.
        last_receipts: item_id, warehouse_id, last_receipt_date; None: returns to suppliers are not proposed.

    Returns:
        COLUMNS; the units of one item x warehouse sum to its excess. Recovery is per unit: chance x (what it brings -
        what it costs) - holding cost until then. Without a unit cost the ways are ranked by their shares alone and the
        money is `not_available`.
    """
    candidates = _candidates(replenishment, spine, as_of, settings, last_receipts)
    if candidates.empty:
        return pd.DataFrame(columns=COLUMNS)
    room = capacities(candidates, partners, settings)
    per_unit = _recovery_rates(candidates, settings, holding_rate)
    names = [name for name, way in settings.ways.items() if way.is_open]
    rate = per_unit[names].to_numpy()
    space = room[names].to_numpy()
    order = np.argsort(-rate, axis=1, kind="stable")
    left = candidates["excess_units"].to_numpy(float).copy()
    rows = np.arange(len(candidates))
    parts = []
    for rank in range(len(names)):
        way = order[:, rank]
        units = np.minimum(left, np.floor(np.where(np.isfinite(space[rows, way]), space[rows, way], left) + 1e-9))
        units = np.where(np.isinf(space[rows, way]), left, units)
        left = left - units
        used = units > 0
        part = candidates.loc[used, [*KEYS, "unit_cost", "idle_text"]].copy()
        part["way"] = np.array(names, dtype=object)[way[used]]
        part["disposal_units"], part["rate"] = units[used], rate[rows, way][used]
        parts.append(part)
    result = pd.concat(parts, ignore_index=True)
    result["way_rank"] = result.groupby(KEYS, sort=False).cumcount() + 1
    result["book_value"] = result["disposal_units"] * result["unit_cost"]
    result["recovery_per_unit_value"] = result["rate"] * result["unit_cost"]
    result["expected_recovery_value"] = result["recovery_per_unit_value"] * result["disposal_units"]
    result["expected_loss_value"] = result["book_value"] - result["expected_recovery_value"]
    days = result["way"].map({name: way.days for name, way in settings.ways.items()}).astype(float)
    result["done_by_date"] = pd.Timestamp(as_of) + pd.to_timedelta(days, unit="D")
    result["value_status"] = np.where(result["unit_cost"].notna(), "ok", "not_available: no unit cost")
    share = (result["rate"] * 100).round().astype(int)
    result["reason"] = result["idle_text"] + "; expected to bring " + share.astype(str) + " % of cost net"
    return result.sort_values([*KEYS, "way_rank"], ignore_index=True)[COLUMNS]


def _candidates(
    replenishment: pd.DataFrame, spine: pd.DataFrame, as_of: dt.date, settings: DisposalSettings,
    last_receipts: pd.DataFrame | None,
) -> pd.DataFrame:  # fmt: skip
    """Excess that has been idle or would take too long, with what the ways need to know about it."""
    master = spine[KEYS].copy()
    master["unit_cost"], master["unit_price"] = number(spine, "unit_cost_latest"), number(spine, "unit_price")
    for name in ("last_demand_date", "category_name", "default_supplier_id"):
        master[name] = spine.get(name)
    rows = replenishment.merge(master.drop_duplicates(KEYS), on=KEYS, how="left")
    position = rows["on_hand_units"] + rows["on_order_units"]
    rows["day_units"] = (position / rows["cover_days"]).where(rows["cover_days"] > 0, 0.0).fillna(0.0)
    sold = rows["day_units"] * settings.horizon_days - rows["on_hand_units"]
    rows["lacking"] = sold.clip(lower=0)
    rows["elsewhere_units"] = rows.groupby("item_id")["lacking"].transform("sum") - rows["lacking"]
    idle = (pd.Timestamp(as_of) - pd.to_datetime(rows["last_demand_date"])).dt.days
    is_idle = idle.fillna(np.inf) >= settings.min_idle_days
    rows["has_supplier"] = rows["default_supplier_id"].notna()
    if last_receipts is None:
        rows["days_since_receipt"] = np.nan
    else:
        rows = rows.merge(last_receipts, on=KEYS, how="left")
        rows["days_since_receipt"] = (pd.Timestamp(as_of) - pd.to_datetime(rows["last_receipt_date"])).dt.days
    slow = rows["cover_days"] > settings.min_cover_days
    known = idle.fillna(0).astype(int).astype(str)
    slow_text = "cover of " + rows["cover_days"].fillna(0).round().astype(int).astype(str) + " days"
    idle_text = np.where(idle.notna(), "no demand for " + known + " days", "no demand ever")
    rows["idle_text"] = np.where(is_idle, idle_text, slow_text)
    return rows[(rows["excess_units"] > 0) & (is_idle | slow)].reset_index(drop=True)


def _recovery_rates(candidates: pd.DataFrame, settings: DisposalSettings, holding_rate: float) -> pd.DataFrame:
    """Net recovery per unit as a share of its cost, a column per way."""
    cost, price = candidates["unit_cost"].to_numpy(float), candidates["unit_price"].to_numpy(float)
    over_cost = np.where(np.isfinite(cost) & np.isfinite(price) & (cost > 0), price / np.where(cost > 0, cost, 1), 1.0)
    result = {}
    for name, way in settings.ways.items():
        brings = way.recovery_rate * (over_cost if name in ("bundle", "markdown") else 1.0)
        result[name] = np.zeros(len(cost)) + way.chance_rate * (brings - way.cost_rate) - holding_rate * way.days / 365
    return pd.DataFrame(result)
