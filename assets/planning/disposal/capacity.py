"""Every way out of every candidate: to where, how many units it can take, what a unit brings and costs there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.disposal.settings import DisposalSettings

KEYS = ["item_id", "warehouse_id"]
OPTION_COLUMNS = [
    "row", "way", "destination", "shared_by", "capacity_units", "brings_value", "cost_value", "move_value",
    "chance_rate", "days",
]  # fmt: skip
YEAR = 365.0


def options(
    candidates: pd.DataFrame,
    receivers: pd.DataFrame,
    lanes: pd.DataFrame,
    partners: pd.DataFrame | None,
    settings: DisposalSettings,
) -> pd.DataFrame:
    """One row per candidate and open way (per receiver for a transfer).

    Args:
        candidates: described rows with price_value, cost_value (per unit, never NaN), `row` 0..n-1.
        receivers: described rows that still sell: item_id, warehouse_id, day_units, lacking_units (what they sell within
            the horizon beyond what they have), price_value, cover_days.
        lanes: from_warehouse_id, to_warehouse_id, is_open, lead_time_days, cost_rate, cost_value_per_move.
        partners: item_id, warehouse_id, partner_item_id, partner_day_units: what an item sells with there.

    Returns:
        OPTION_COLUMNS: shared_by names what options have in common whose capacity they share (empty: nothing);
        brings_value is per unit in money of today; move_value is paid once for all units of the option.
    """
    parts = [
        _transfers(candidates, receivers, lanes, settings),
        _bundles(candidates, partners, settings),
        *(_plain(candidates, name, settings) for name in settings.ways if name not in ("transfer", "bundle")),
    ]
    found = pd.concat([part for part in parts if not part.empty] or [pd.DataFrame(columns=OPTION_COLUMNS)])
    return found[OPTION_COLUMNS].reset_index(drop=True)


def _plain(candidates: pd.DataFrame, name: str, settings: DisposalSettings) -> pd.DataFrame:
    way = settings.ways[name]  # type: ignore[index]
    if not way.is_open:
        return pd.DataFrame(columns=OPTION_COLUMNS)
    cost, price = candidates["cost_value"], candidates["price_value"]
    base, lost = cost, pd.Series(0.0, candidates.index)
    capacity, destination = pd.Series(np.inf, candidates.index), pd.Series(way.destination, candidates.index)
    if name == "markdown":
        base, gained = price, settings.markdown_uplift_rate - 1
        capacity = candidates["day_units"] * gained * settings.horizon_days
        # what would have sold at the full price sells at the low one too: paid for by the units sold in addition
        lost = price * max(1 - way.recovery_rate, 0.0) / gained
    elif name == "return_to_supplier":
        capacity = candidates["returnable_units"].where(candidates["default_supplier_id"].notna(), 0.0)
        destination = candidates["default_supplier_id"]
    elif name == "rework":
        capacity = capacity.where(candidates["category_name"].isin(settings.rework_categories), 0.0)
    return pd.DataFrame(
        {
            "row": candidates["row"], "way": name, "destination": destination, "shared_by": "",
            "capacity_units": capacity, "brings_value": way.recovery_rate * base - lost,
            "cost_value": way.cost_rate * cost, "move_value": 0.0, "chance_rate": way.chance_rate, "days": way.days,
        }
    )  # fmt: skip


def _transfers(
    candidates: pd.DataFrame, receivers: pd.DataFrame, lanes: pd.DataFrame, settings: DisposalSettings
) -> pd.DataFrame:
    """Warehouses that sell the item and would sell more than they have within the horizon."""
    way = settings.ways["transfer"]
    room = receivers[receivers["lacking_units"] > 0]
    here = candidates[["row", *KEYS, "cost_value"]]
    pairs = here.merge(room, on="item_id", suffixes=("", "_to"))
    pairs = pairs[pairs["warehouse_id"] != pairs["warehouse_id_to"]]
    if not way.is_open or pairs.empty:
        return pd.DataFrame(columns=OPTION_COLUMNS)
    ends = {"warehouse_id": "from_warehouse_id", "warehouse_id_to": "to_warehouse_id"}
    pairs = pairs.rename(columns=ends).merge(lanes[lanes["is_open"]], on=list(ends.values()))
    # sold after what the receiver has, at the latest at the horizon: half way between on average
    sold_after = (pairs["cover_days"].clip(upper=settings.horizon_days) + settings.horizon_days) / 2
    days = np.maximum(sold_after, pairs["lead_time_days"])
    waste = np.exp(-settings.obsolescence_rate * days / YEAR)
    return pd.DataFrame(
        {
            "row": pairs["row"], "way": "transfer", "destination": pairs["to_warehouse_id"],
            "shared_by": "transfer|" + pairs["item_id"] + "|" + pairs["to_warehouse_id"],
            "capacity_units": pairs["lacking_units"], "brings_value": way.recovery_rate * pairs["price_value"] * waste,
            "cost_value": np.maximum(way.cost_rate, pairs["cost_rate"]) * pairs["cost_value"],
            "move_value": pairs["cost_value_per_move"], "chance_rate": way.chance_rate, "days": days,
        }
    )  # fmt: skip


def _bundles(candidates: pd.DataFrame, partners: pd.DataFrame | None, settings: DisposalSettings) -> pd.DataFrame:
    """Sold with a partner that sells: a partner takes as many along as its own sales allow, whatever the items."""
    way = settings.ways["bundle"]
    if not way.is_open or partners is None or partners.empty:
        return pd.DataFrame(columns=OPTION_COLUMNS)
    pairs = candidates[["row", *KEYS, "cost_value", "price_value"]].merge(partners, on=KEYS)
    return pd.DataFrame(
        {
            "row": pairs["row"], "way": "bundle", "destination": pairs["partner_item_id"],
            "shared_by": "bundle|" + pairs["partner_item_id"] + "|" + pairs["warehouse_id"],
            "capacity_units": pairs["partner_day_units"] * settings.bundle_attach_rate * settings.horizon_days,
            "brings_value": way.recovery_rate * pairs["price_value"], "cost_value": way.cost_rate * pairs["cost_value"],
            "move_value": 0.0, "chance_rate": way.chance_rate, "days": way.days,
        }
    )  # fmt: skip


def sells_with(order_lines: pd.DataFrame, paces: pd.DataFrame, *, min_orders: int = 3) -> pd.DataFrame:
    """Partner of each item in each warehouse: the live one that most of the orders with the item also hold.

    Args:
        order_lines: order_no, item_id. paces: item_id, warehouse_id, day_units of what may be a partner.

    Returns:
        item_id, warehouse_id, partner_item_id, partner_day_units, orders_together; items with fewer than min_orders in
        common absent.
    """
    lines = order_lines[["order_no", "item_id"]].drop_duplicates()
    pairs = lines.merge(lines, on="order_no", suffixes=("", "_partner"))
    pairs = pairs[pairs["item_id"] != pairs["item_id_partner"]]
    counted = pairs.groupby(["item_id", "item_id_partner"], sort=True).size().rename("orders_together").reset_index()
    counted = counted[counted["orders_together"] >= min_orders].rename(columns={"item_id_partner": "partner_item_id"})
    live = paces[paces["day_units"] > 0].rename(
        columns={"item_id": "partner_item_id", "day_units": "partner_day_units"}
    )
    here = counted.merge(live[["partner_item_id", "warehouse_id", "partner_day_units"]], on="partner_item_id")
    order = ["item_id", "warehouse_id", "orders_together", "partner_item_id"]
    best = here.sort_values(order, ascending=[True, True, False, True]).drop_duplicates(KEYS)
    return best[[*KEYS, "partner_item_id", "partner_day_units", "orders_together"]].reset_index(drop=True)
