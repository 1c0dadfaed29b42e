"""Successor links: an item that replaces another inherits its demand history.

Belongs here: applying links that people declared, and proposing links for them to confirm. Nothing is linked unasked.
"""

from __future__ import annotations

import pandas as pd

from assets.planning.demand.history import KEYS

_SUMMED = ["demand_units", "shipped_units", "returned_units", "demand_units_imputed"]


def resolve_links(links: pd.DataFrame) -> dict[str, tuple[str, float]]:
    """Final successor and combined share of each predecessor, chains followed.

    `links`: predecessor_item_id, successor_item_id, share_rate (of the old demand that the new item takes on).
    Raises ValueError for an item with two successors or for a circle.
    """
    if links["predecessor_item_id"].duplicated().any():
        twice = links.loc[links["predecessor_item_id"].duplicated(), "predecessor_item_id"].iloc[0]
        raise ValueError(f"{twice} has two successors")
    step = {
        p: (s, float(r))
        for p, s, r in zip(links["predecessor_item_id"], links["successor_item_id"], links["share_rate"], strict=True)
    }
    out = {}
    for old in step:
        at, share, seen = old, 1.0, {old}
        while at in step:
            at, part = step[at]
            share *= part
            if at in seen:
                raise ValueError(f"successor links of {old} run in a circle")
            seen.add(at)
        out[old] = (at, share)
    return out


def inherit_demand(history: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """History in which each successor starts with its predecessors' demand, times the share of the link.

    The predecessor keeps its own rows: what is still sold of it is its own demand. Periods that both were sold in are
    added up; a period is censored or promoted when it was for either; the shelf counts as filled when either was.
    """
    heirs = resolve_links(links)
    old = history[history["item_id"].isin(heirs)]
    if old.empty:
        return history
    moved = old.copy()
    share = old["item_id"].map({k: v[1] for k, v in heirs.items()}).to_numpy(dtype=float)
    moved["item_id"] = old["item_id"].map({k: v[0] for k, v in heirs.items()})
    for column in _SUMMED:
        moved[column] = moved[column].to_numpy(dtype=float) * share
    both = pd.concat([history, moved], ignore_index=True)
    rules = dict.fromkeys(_SUMMED, "sum") | {"in_stock_rate": "max", "is_censored": "max", "is_promotion": "max"}
    merged = both.groupby([*KEYS, "period_start_date"], as_index=False, sort=True).agg(rules)
    merged["is_censored"] = merged["is_censored"].astype(bool)
    merged["is_promotion"] = merged["is_promotion"].astype(bool)
    return merged[history.columns]


def propose_links(stages: pd.DataFrame, spine: pd.DataFrame, max_gap_days: int = 60) -> pd.DataFrame:
    """Pairs that look like a replacement: one item falls silent as another of its category begins, same warehouse.

    `stages` as `life_cycle` returns it; `spine`: item_id, warehouse_id, category_name. Returns
    predecessor_item_id, successor_item_id, warehouse_id, gap_days (successor's start less predecessor's end), for
    people to confirm; a predecessor or successor with several candidates is left out, because nothing tells them apart.
    """
    known = stages.merge(spine[[*KEYS, "category_name"]], on=KEYS, how="left").dropna(subset=["category_name"])
    ending = known[known["life_cycle_stage"].isin(["dying", "dead"]) & known["last_demand_date"].notna()]
    starting = known[known["first_demand_date"].notna() & ~known["life_cycle_stage"].isin(["dying", "dead"])]
    pairs = ending.merge(starting, on=["warehouse_id", "category_name"], suffixes=("_old", "_new"))
    gap = (pairs["first_demand_date_new"] - pairs["last_demand_date_old"]).dt.days
    pairs = pairs.assign(gap_days=gap)[gap.abs() <= max_gap_days]
    alone = ~pairs.duplicated(["item_id_old", "warehouse_id"], keep=False)
    alone &= ~pairs.duplicated(["item_id_new", "warehouse_id"], keep=False)
    columns = {"item_id_old": "predecessor_item_id", "item_id_new": "successor_item_id"}
    out = pairs[alone].rename(columns=columns)
    return out[["predecessor_item_id", "successor_item_id", "warehouse_id", "gap_days"]].reset_index(drop=True)
