"""Successor links: an item that replaces another inherits its demand history.

Belongs here: applying links that people declared. Nothing is linked unasked.
"""

from __future__ import annotations

import numpy as np
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


def taken_over(spine: pd.DataFrame, links: pd.DataFrame, units: np.ndarray, as_of: pd.Timestamp) -> np.ndarray:
    """(n,) units of predecessors in the same warehouse that a row sells first, as it inherits their demand.

    Args:
        links: int_item_successors. units: (n,) units of each row that can be sold.
    """
    result = np.zeros(len(spine))
    current = effective_links(links, as_of)
    if current.empty:
        return result
    heirs = resolve_links(current)
    keys = spine[KEYS].reset_index(drop=True)
    old = keys[keys["item_id"].isin(heirs)]
    heir = pd.MultiIndex.from_arrays([old["item_id"].map(lambda name: heirs[name][0]), old["warehouse_id"]])
    at = pd.MultiIndex.from_frame(keys).get_indexer(heir)
    known = at >= 0
    np.add.at(result, at[known], np.clip(units, 0, None)[old.index.to_numpy()[known]])
    return result


def effective_links(links: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Links whose successor is on sale on a day; one without a date always is."""
    begun = pd.to_datetime(links["valid_from_date"])
    current = links[begun.isna() | (begun <= as_of)].copy()
    current["share_rate"] = current["share_rate"].astype(float).fillna(1.0)
    return current
