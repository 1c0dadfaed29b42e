"""Bills of materials in effect on a day, and the order in which their items are exploded."""

from __future__ import annotations

import datetime as dt

import pandas as pd

COLUMNS = [
    "item_id", "component_item_id", "units_per", "substitute_group", "substitute_priority", "is_main", "is_phantom",
    "issue_warehouse_id", "bom_version",
]  # fmt: skip


class BomLoopError(ValueError):
    """An item is, through its components, part of itself."""


def lines_in_effect(bills: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """Lines that count on a day, one row per item, version and component (COLUMNS).

    Args:
        bills: item_id, component_item_id, component_units, parent_units, scrap_rate, valid_from_date, valid_to_date,
            substitute_group, substitute_priority, is_phantom, issue_warehouse_id, bom_version, is_active.

    Returns:
        units_per: base units of the component for one unit of the item, scrap included; is_main is false for a
        component that only replaces another one of its group.
    """
    at = pd.Timestamp(day)
    start, end = pd.to_datetime(bills["valid_from_date"]), pd.to_datetime(bills["valid_to_date"])
    counts = (start.isna() | (start <= at)) & (end.isna() | (end >= at)) & bills["is_active"].fillna(True).astype(bool)
    rows = bills[counts & (bills["parent_units"].astype(float) > 0)].copy()
    per = rows["component_units"].astype(float) / rows["parent_units"].astype(float)
    rows["units_per"] = per * (1 + rows["scrap_rate"].astype(float).fillna(0.0))
    rows["substitute_group"] = rows["substitute_group"].fillna("").astype(str)
    rows["substitute_priority"] = rows["substitute_priority"].astype(float).fillna(0.0)
    rows["is_phantom"] = rows["is_phantom"].fillna(False).astype(bool)
    rows["bom_version"] = rows["bom_version"].fillna("").astype(str)
    keys = ["item_id", "bom_version", "component_item_id", "substitute_group"]
    ways = dict.fromkeys(("substitute_priority", "is_phantom", "issue_warehouse_id"), "first") | {"units_per": "sum"}
    rows = rows.sort_values([*keys, "substitute_priority"]).groupby(keys, sort=True, as_index=False).agg(ways)
    group = ["item_id", "bom_version", "substitute_group"]
    first = rows.sort_values([*group, "substitute_priority", "component_item_id"]).drop_duplicates(group).index
    rows["is_main"] = (rows["substitute_group"] == "") | rows.index.isin(first)
    return rows[COLUMNS].reset_index(drop=True)


def default_versions(lines: pd.DataFrame, bills: pd.DataFrame) -> pd.DataFrame:
    """Lines of the version that planning uses: the default one, of several the last by its name."""
    chosen = bills[bills["is_default"].fillna(True).astype(bool)].assign(
        bom_version=bills["bom_version"].fillna("").astype(str)
    )
    newest = chosen.groupby("item_id")["bom_version"].max()
    return lines[lines["bom_version"] == lines["item_id"].map(newest)].reset_index(drop=True)


def levels(lines: pd.DataFrame) -> dict[str, int]:
    """Low-level code of every item: 0 is in no bill, a component is below everything that it goes into.

    Raises:
        BomLoopError: names the items of a loop.
    """
    children: dict[str, set[str]] = {}
    waiting: dict[str, int] = {}
    for parent, child in zip(lines["item_id"], lines["component_item_id"], strict=True):
        if child not in children.setdefault(parent, set()):
            children[parent].add(child)
            waiting[child] = waiting.get(child, 0) + 1
        waiting.setdefault(parent, waiting.get(parent, 0))
    level = dict.fromkeys(waiting, 0)
    ready = sorted(item for item, count in waiting.items() if count == 0)
    done = 0
    while ready:
        item = ready.pop()
        done += 1
        for child in children.get(item, ()):
            level[child] = max(level[child], level[item] + 1)
            waiting[child] -= 1
            if waiting[child] == 0:
                ready.append(child)
    if done < len(level):
        loop = {item for item, count in waiting.items() if count > 0}
        while ends := {item for item in loop if not children.get(item, set()) & loop}:
            loop -= ends
        names = ", ".join(sorted(loop)[:5])
        raise BomLoopError(f"bill of materials: {names} go into themselves; correct the bill of one of them")
    return level


def without_phantoms(lines: pd.DataFrame) -> pd.DataFrame:
    """The same bills with phantom components replaced by what they are made of, at any depth."""
    result = lines
    for _ in range(50):
        ghosts = result[result["is_phantom"]]
        inner = lines[lines["item_id"].isin(ghosts["component_item_id"])]
        ghosts = ghosts[ghosts["component_item_id"].isin(inner["item_id"])]
        if ghosts.empty:
            return result.reset_index(drop=True)
        opened = ghosts.merge(inner, left_on="component_item_id", right_on="item_id", suffixes=("", "_inner"))
        opened["units_per"] = opened["units_per"] * opened["units_per_inner"]
        for name in (
            "component_item_id",
            "substitute_group",
            "substitute_priority",
            "is_main",
            "is_phantom",
            "issue_warehouse_id",
        ):
            opened[name] = opened[f"{name}_inner"]
        result = pd.concat([result[~result.index.isin(ghosts.index)], opened[COLUMNS]], ignore_index=True)
    raise BomLoopError("bill of materials: phantoms are nested more than 50 deep")
