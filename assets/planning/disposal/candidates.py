"""Which stock and which open orders are too much, and what the comparison of their ways needs to know about them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from assets.planning.disposal.keep import Keeping
from assets.planning.disposal.settings import DisposalSettings
from assets.planning.policy.row_levels import number, truth
from assets.planning.sentences import say

KEYS = ["item_id", "warehouse_id"]


def described(
    replenishment: pd.DataFrame,
    spine: pd.DataFrame,
    max_cover_days: pd.Series,
    last_receipts: pd.DataFrame | None,
    *,
    as_of: dt.date,
    settings: DisposalSettings,
) -> pd.DataFrame:
    """Every row of the plan with its money, pace, idleness and what of it is too much.

    Args:
        replenishment: planning.replenishment after transfers. spine: int_item_warehouses. max_cover_days: of the row's
            cell, indexed by item and warehouse.
        last_receipts: item_id, warehouse_id, window_units (received within the return window).

    Returns:
        KEYS, on_hand_units, day_units, unit_cost, unit_price (NaN: unknown), has_cost, idle_days, cover_days, is_live
        (active, sold lately), order_surplus_units (of what is on order), surplus_units (of what is there, with that
        surplus of orders gone), is_candidate, returnable_units, category_name, default_supplier_id, idle_text.
    """
    day = pd.Timestamp(as_of)
    master = spine[KEYS].copy()
    master["unit_cost"], master["unit_price"] = number(spine, "unit_cost_latest"), number(spine, "unit_price")
    master["is_active"], master["shelf_life_days"] = truth(spine, "is_active"), number(spine, "shelf_life_days")
    for name in ("last_demand_date", "first_movement_date", "category_name", "default_supplier_id"):
        master[name] = spine.get(name)
    rows = replenishment.merge(master.drop_duplicates(KEYS), on=KEYS, how="left")
    if last_receipts is not None:
        rows = rows.merge(last_receipts, on=KEYS, how="left")
    cover = rows["cover_days"]
    rows["day_units"] = rows["day_units"].fillna(0.0)
    _surplus(rows, max_cover_days)
    idle = (day - pd.to_datetime(rows["last_demand_date"])).dt.days
    age = (day - pd.to_datetime(rows["first_movement_date"])).dt.days
    rows["idle_days"] = np.minimum(idle.fillna(np.inf), age.fillna(np.inf))
    rows["is_live"] = rows["is_active"].fillna(True).astype(bool) & (idle < settings.min_idle_days)
    is_idle, slow = rows["idle_days"] >= settings.min_idle_days, cover > settings.min_cover_days
    is_old = age.fillna(np.inf) >= settings.min_age_days
    rows["is_candidate"] = (rows["surplus_units"] > 0) & is_old & (is_idle | slow)
    rows["returnable_units"] = rows["window_units"].fillna(0.0) if "window_units" in rows else 0.0
    rows["idle_text"] = [
        (say("no_demand_for", int(days)) if pd.notna(known) else say("no_demand_ever"))
        if idle_long
        else say("cover_of", f"{covered:.0f}")
        for days, known, idle_long, covered in zip(
            rows["idle_days"].replace(np.inf, 0), idle, is_idle, cover.fillna(0), strict=True
        )
    ]
    rows["has_cost"] = rows["unit_cost"].notna()
    return rows


def keeping(rows: pd.DataFrame, settings: DisposalSettings, holding_rate: float) -> Keeping:
    """What keeping is worth for `described` rows; in shares of the cost where none is known."""
    cost = rows["unit_cost"].fillna(1.0).to_numpy(float)
    price = rows["unit_price"].where(rows["has_cost"] & (rows["unit_price"] > 0)).to_numpy(float)
    scrap = settings.ways.get("scrap")
    net = (scrap.recovery_rate - scrap.cost_rate) if scrap is not None else 0.0
    life = rows["shelf_life_days"].to_numpy(float)
    last = np.where(
        np.isfinite(life) & (life > 0), np.minimum(life, settings.keep_horizon_days), settings.keep_horizon_days
    )
    return Keeping(
        np.where(np.isfinite(price), price, cost), cost, rows["day_units"].to_numpy(float), net * cost, last,
        settings.discount_rate, settings.obsolescence_rate, max(holding_rate - settings.discount_rate, 0.0),
    )  # fmt: skip


def _surplus(rows: pd.DataFrame, max_cover_days: pd.Series) -> None:
    """What is on order goes before what is there: an order that is not wanted costs least to get rid of."""
    gone = rows["transfer_out_units"].fillna(0.0) if "transfer_out_units" in rows else rows["on_hand_units"] * 0.0
    wanted = max_cover_days.reindex(pd.MultiIndex.from_frame(rows[KEYS])).fillna(0.0).to_numpy(float)
    most = np.maximum(rows["order_up_to_units"].fillna(0.0), rows["day_units"] * wanted)
    total = (rows["on_hand_units"] - gone + rows["on_order_units"] - most).clip(lower=0)
    orders = np.minimum(total, rows["on_order_units"].clip(lower=0))
    rows["gone_units"], rows["order_surplus_units"] = gone, orders
    rows["surplus_units"] = np.minimum(rows["excess_units"].fillna(0.0), (total - orders).clip(lower=0))
