"""`planning.transfers`: which stock to move where, and what the plan still has to buy after it.

Moves of what one place has too much of to a place that lacks it. Nothing goes to where it does not sell: no item that is
discontinued or inactive, no warehouse without demand for it in the last months.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from assets.planning.policy.rounding import clean_limits, round_up
from assets.planning.policy.row_levels import number, truth
from assets.planning.policy.settings import PolicySettings
from assets.planning.sentences import say, with_clause
from assets.planning.transfers.lanes import lane_table
from assets.planning.transfers.match import match
from assets.planning.transfers.settings import TransferSettings

KEYS = ["item_id", "warehouse_id"]
COLUMNS = [
    "item_id", "from_warehouse_id", "to_warehouse_id", "transfer_kind", "transfer_units", "transfer_value", "ship_date",
    "arrival_date", "cost_value", "saving_value", "net_saving_value", "value_status", "purchase_avoided_units", "reason",
]  # fmt: skip


def suggest_transfers(
    replenishment: pd.DataFrame,
    spine: pd.DataFrame,
    *,
    as_of: dt.date,
    settings: TransferSettings,
    policies: PolicySettings,
) -> pd.DataFrame:
    """Moves of excess to warehouses that are short of the same item or about to buy it.

    A move saves the holding cost of stock that the donor would take long to sell (at most donor_horizon_days), and the
    shortage that the receiver would have while a purchase is under way; it costs what its lane costs. One that does
    not pay is left out. Without a unit cost a move into a shortage is proposed, with its money `not_available`.

    Args:
        replenishment: planning.replenishment. spine: int_item_warehouses (unit_cost_latest where known, is_active,
            last_demand_date, order_multiple_units).

    Returns:
        COLUMNS, sorted by item, donor, receiver; units are whole packs (whole units without one) where the policy
        settings say so.
    """
    warehouses = sorted(replenishment["warehouse_id"].unique())
    lanes = lane_table(list(warehouses), settings)
    plan = replenishment.merge(_master(spine, as_of, settings, policies), on=KEYS, how="left")
    donors = plan[plan["excess_units"] >= max(settings.min_move_units, 1e-9)]
    plan["need_units"] = np.maximum(plan["suggested_order_units"], plan["shortage_units"])
    lacks = (plan["need_units"] >= max(settings.min_move_units, 1e-9)) & (plan["excess_units"] <= 0)
    receivers = plan[lacks & plan["is_live"].fillna(False).astype(bool)]
    pairs = donors[["item_id", "warehouse_id", "excess_units", "cover_days", "unit_cost", "step_units"]].merge(
        receivers[["item_id", "warehouse_id", "need_units", "shortage_units", "suggested_order_units",
                   "projected_stockout_date", "expected_arrival_date"]],
        on="item_id", suffixes=("_from", "_to"),
    )  # fmt: skip
    if pairs.empty:
        return pd.DataFrame(columns=COLUMNS)
    pairs = pairs.rename(columns={"warehouse_id_from": "from_warehouse_id", "warehouse_id_to": "to_warehouse_id"})
    pairs = pairs.merge(lanes, on=["from_warehouse_id", "to_warehouse_id"])
    pairs = pairs[pairs["is_open"]].reset_index(drop=True)
    per_unit = _saving_per_unit(pairs, as_of, settings, policies)
    pairs["saving_per_unit"] = per_unit - pairs["cost_rate"] * pairs["unit_cost"]
    order = ["item_id", "saving_per_unit", "lead_time_days", "from_warehouse_id", "to_warehouse_id"]
    pairs = pairs.sort_values(order, ascending=[True, False, True, True, True], ignore_index=True)
    pairs["transfer_units"] = match(pairs)
    return _result(pairs, as_of)


def _master(spine: pd.DataFrame, as_of: dt.date, settings: TransferSettings, policies: PolicySettings) -> pd.DataFrame:
    """unit_cost, step_units and is_live (active, and sold in the last months) of every row of the spine."""
    master = spine[KEYS].assign(unit_cost=number(spine, "unit_cost_latest"), is_live=truth(spine, "is_active"))
    if "last_demand_date" in spine:
        idle = (pd.Timestamp(as_of) - pd.to_datetime(spine["last_demand_date"])).dt.days
        master["is_live"] &= ~(idle >= settings.max_receiver_idle_days)
    multiple = number(spine, "order_multiple_units")
    pack = np.where(np.isfinite(multiple) & (multiple > 1), multiple, 1.0)
    master["step_units"] = pack if policies.is_whole_units else 0.0
    return master.drop_duplicates(KEYS)


def _saving_per_unit(
    pairs: pd.DataFrame, as_of: dt.date, settings: TransferSettings, policies: PolicySettings
) -> pd.Series:
    """Currency saved by moving one unit; NaN without a unit cost."""
    idle = pairs["cover_days"].fillna(settings.donor_horizon_days).clip(upper=settings.donor_horizon_days)
    holding = pairs["unit_cost"] * policies.holding_rate * idle / 365
    arrival = pd.Timestamp(as_of) + pd.to_timedelta(pairs["lead_time_days"], unit="D")
    empty, bought = pd.to_datetime(pairs["projected_stockout_date"]), pd.to_datetime(pairs["expected_arrival_date"])
    helps = empty.notna() & (bought.isna() | (arrival < bought)) & (empty < bought.fillna(pd.Timestamp.max))
    share = np.minimum(pairs["shortage_units"] / pairs["need_units"], 1.0)
    return holding + np.where(helps, share * policies.shortage_cost_rate * pairs["unit_cost"], 0.0)


def _result(pairs: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    result = pairs[pairs["transfer_units"] > 0].copy()
    result["transfer_value"] = result["transfer_units"] * result["unit_cost"]
    result["cost_value"] = result["cost_value_per_move"] + result["cost_rate"] * result["transfer_value"]
    gross = result["saving_per_unit"] + result["cost_rate"] * result["unit_cost"]
    result["saving_value"] = result["transfer_units"] * gross
    result["net_saving_value"] = result["saving_value"] - result["cost_value"]
    known = result["unit_cost"].notna()
    result = result[(known & (result["net_saving_value"] > 0)) | (~known & (result["shortage_units"] > 0))]
    known = result["unit_cost"].notna()
    result["cost_value"] = result["cost_value"].where(known)
    result["value_status"] = np.where(known, "ok", "not_available: no unit cost")
    result["transfer_kind"] = "excess"
    result["ship_date"] = pd.Timestamp(as_of)
    result["arrival_date"] = pd.Timestamp(as_of) + pd.to_timedelta(np.ceil(result["lead_time_days"]), unit="D")
    result["purchase_avoided_units"] = np.minimum(result["transfer_units"], result["suggested_order_units"])
    result["reason"] = [
        say("transfer", source, excess, target, need)
        for source, target, excess, need in zip(
            result["from_warehouse_id"], result["to_warehouse_id"], result["excess_units"], result["need_units"],
            strict=True,
        )
    ]  # fmt: skip
    keys = ["item_id", "from_warehouse_id", "to_warehouse_id"]
    return result.sort_values(keys, ignore_index=True)[COLUMNS]


def buy_after_transfers(
    replenishment: pd.DataFrame, transfers: pd.DataFrame, spine: pd.DataFrame, policies: PolicySettings
) -> pd.DataFrame:
    """The plan with transfer_in_units and transfer_out_units, and suggested orders for what is still lacking.

    What remains to buy is lifted again to the supplier's MOQ and pack; excess falls by what leaves.
    """
    result = replenishment.copy()
    into = transfers.groupby(["item_id", "to_warehouse_id"])["transfer_units"].sum()
    away = transfers.groupby(["item_id", "from_warehouse_id"])["transfer_units"].sum()
    index = pd.MultiIndex.from_frame(result[KEYS])
    result["transfer_in_units"] = into.reindex(index).fillna(0.0).to_numpy(float)
    result["transfer_out_units"] = away.reindex(index).fillna(0.0).to_numpy(float)
    limits = result[KEYS].merge(spine.drop_duplicates(KEYS), on=KEYS, how="left")
    minimum, multiple = clean_limits(
        number(limits, "moq_units"), number(limits, "order_multiple_units"), policies.is_whole_units
    )
    wanted = result["suggested_order_units"].to_numpy(float)
    rest = np.clip(wanted - result["transfer_in_units"].to_numpy(float), 0, None)
    less = np.minimum(round_up(rest, minimum, multiple), wanted)
    moved = result["transfer_in_units"].to_numpy(float) > 0
    result["suggested_order_units"] = np.where(moved, less, wanted)
    clauses = [
        say("from_other_warehouses", *units)
        for units in zip(result["transfer_in_units"], result["suggested_order_units"], strict=True)
    ]
    result["reason"] = with_clause(result["reason"], moved, clauses)
    result["excess_units"] = np.clip(result["excess_units"] - result["transfer_out_units"], 0, None)
    result["shortage_units"] = np.clip(result["shortage_units"] - result["transfer_in_units"], 0, None)
    return result
