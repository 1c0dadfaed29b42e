"""Dependent demand over time: what made goods that are ordered or planned need of their components, level by level.

Orlicky's requirements planning: at every level gross requirements are netted against what is there and what is due, by
date; what is lacking must be made one lead time earlier, and that day its components are needed.
"""

from __future__ import annotations

import pandas as pd

from assets.planning.bom.structure import levels
from assets.planning.shape import not_before

COLUMNS = ["item_id", "need_date", "dependent_units", "parent_item_id", "level_no"]


def explode(
    lines: pd.DataFrame,
    needs: pd.DataFrame,
    on_hand: pd.Series,
    receipts: pd.DataFrame,
    lead_days: pd.Series,
    floor_date: pd.Timestamp,
) -> pd.DataFrame:
    """Dependent demand of every component.

    Args:
        lines: main lines of the bills without phantoms: item_id, component_item_id, units_per. needs: item_id,
            need_date, units of made items (independent). on_hand: units by item. receipts: item_id, due_date, units
            still to come. lead_days: days to make an item. floor_date: nothing is needed before it.

    Returns:
        COLUMNS, a row per component, day and parent; sorted.

    Raises:
        BomLoopError: the bills go round in a circle.
    """
    level = levels(lines)
    open_needs = needs[["item_id", "need_date", "units"]].copy()
    open_needs["need_date"] = not_before(open_needs["need_date"], floor_date)
    found: list[pd.DataFrame] = []
    for depth in range(max(level.values(), default=0)):
        items = {item for item, at in level.items() if at == depth}
        here = open_needs[open_needs["item_id"].isin(items)]
        net = net_requirements(here, on_hand, receipts)
        days = net["item_id"].map(lead_days).astype(float).fillna(0.0)
        start = pd.to_datetime(net["need_date"]) - pd.to_timedelta(days, unit="D")
        net["need_date"] = not_before(start, floor_date).dt.normalize()
        made = net.merge(lines[["item_id", "component_item_id", "units_per"]], on="item_id")
        made["units"] = made["units"] * made["units_per"]
        made = made.rename(columns={"item_id": "parent_item_id", "component_item_id": "item_id"})
        keys = ["item_id", "need_date", "parent_item_id"]
        parts = made.groupby(keys, sort=True, as_index=False).agg(units=("units", "sum"))
        found.append(parts.assign(level_no=depth + 1))
        pieces: list[pd.DataFrame] = [open_needs, parts[["item_id", "need_date", "units"]]]
        open_needs = pd.concat(pieces, ignore_index=True)
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    result = pd.concat(found, ignore_index=True).rename(columns={"units": "dependent_units"})
    return result.sort_values(["item_id", "need_date", "parent_item_id"], ignore_index=True)[COLUMNS]


def net_requirements(needs: pd.DataFrame, on_hand: pd.Series, receipts: pd.DataFrame) -> pd.DataFrame:
    """What each day lacks after stock and receipts up to it: item_id, need_date, units (> 0)."""
    gross = needs.groupby(["item_id", "need_date"], sort=True, as_index=False)["units"].sum().assign(due=0.0)
    came = receipts[receipts["item_id"].isin(gross["item_id"])]
    came = pd.DataFrame(
        {"item_id": came["item_id"], "need_date": pd.to_datetime(came["due_date"]), "units": 0.0, "due": came["units"]}
    )
    both = pd.concat([gross, came], ignore_index=True)
    both = both.groupby(["item_id", "need_date"], sort=True, as_index=False)[["units", "due"]].sum()
    if both.empty:
        return both[["item_id", "need_date", "units"]]
    used = both.groupby("item_id")["units"].cumsum()
    have = both.groupby("item_id")["due"].cumsum() + both["item_id"].map(on_hand).fillna(0.0).clip(lower=0)
    lacking = (used - have).clip(lower=0).groupby(both["item_id"]).cummax()
    step = lacking - lacking.groupby(both["item_id"]).shift().fillna(0.0)
    net = both.assign(units=step)[["item_id", "need_date", "units"]]
    return net[net["units"] > 1e-9].reset_index(drop=True)
