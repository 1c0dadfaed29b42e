"""Where an item is in its life: new, active, declining, discontinued.

An item is dying when its silence is longer than its own rhythm explains: with demand in a share p of the periods
between its first and last demand, a silence of k periods has the probability (1 - p)^k (geometric gaps).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.demand.history import KEYS
from assets.planning.demand.settings import LifeCycleSettings

STAGES = ("new", "active", "declining", "discontinued")


def life_cycle(history: pd.DataFrame, settings: LifeCycleSettings) -> pd.DataFrame:
    """Stage of each series of a demand history.

    Returns item_id, warehouse_id, life_cycle_stage, first_demand_date, last_demand_date (null where never asked for),
    silent_periods (since the last demand; censored periods are no silence), silence_probability, reason.
    """
    ordered = history.sort_values([*KEYS, "period_start_date"], kind="stable")
    codes, keys = pd.factorize(pd.MultiIndex.from_frame(ordered[KEYS]), sort=True)
    n = len(keys)
    sold = (ordered["demand_units"] > 0).to_numpy(dtype=bool)
    shown = ~ordered["is_censored"].to_numpy(dtype=bool) | sold
    order = np.arange(len(ordered))
    first, last = np.full(n, len(ordered)), np.full(n, -1)
    np.minimum.at(first, codes[sold], order[sold])
    np.maximum.at(last, codes[sold], order[sold])
    asked = last >= 0
    active = asked[codes] & (order >= first[codes]) & (order <= last[codes]) & shown
    hits, seen = np.bincount(codes[sold], minlength=n), np.bincount(codes[active], minlength=n)
    silent = np.bincount(codes[shown & (order > last[codes])], minlength=n)
    age = np.bincount(codes, minlength=n)
    rate = np.clip((hits + 0.5) / (seen + 1.0), 0.0, 0.98)
    probability = np.where(asked, (1.0 - rate) ** silent, 1.0)
    dead = (silent >= settings.dead_periods) & (~asked | (probability < settings.dead_probability))
    new = (age < settings.new_periods) & ~dead
    dying = asked & (probability < settings.dying_probability)
    stage = np.select([dead, new, dying], ["dead", "new", "dying"], "active")
    dates = ordered["period_start_date"].to_numpy()
    out = pd.DataFrame(list(keys), columns=KEYS)
    out["life_cycle_stage"] = stage
    out["first_demand_date"] = np.where(asked, dates[np.minimum(first, len(dates) - 1)], np.datetime64("NaT"))
    out["last_demand_date"] = np.where(asked, dates[last], np.datetime64("NaT"))
    out["silent_periods"] = silent
    out["silence_probability"] = probability
    out["reason"] = [
        f"{s} periods of silence after demand in {r:.0%} of periods" if a else f"never asked for in {g} periods"
        for s, r, a, g in zip(silent, rate, asked, age, strict=True)
    ]
    return out


def life_stages(
    spine: pd.DataFrame, history: pd.DataFrame, successors: pd.DataFrame, *, as_of: pd.Timestamp,
    settings: LifeCycleSettings,
) -> np.ndarray:  # fmt: skip
    """(n,) stage of each row of the spine that the plan acts on.

    discontinued: the master data says so, or a successor is on sale: nothing more is bought, moved in or missed. new: first
    moved less than new_periods weeks ago. declining: silent for longer than its rhythm explains (dying or dead).

    Args:
        history: planning.demand_history. successors: int_item_successors.
    """
    found = life_cycle(history, settings) if len(history) else pd.DataFrame(columns=[*KEYS, "life_cycle_stage"])
    stage = spine[KEYS].merge(found[[*KEYS, "life_cycle_stage"]], on=KEYS, how="left")["life_cycle_stage"]
    first = (
        pd.to_datetime(spine["first_movement_date"])
        if "first_movement_date" in spine
        else pd.Series(pd.NaT, spine.index)
    )
    age = (as_of - first.reset_index(drop=True)).dt.days
    begun = pd.to_datetime(successors["valid_from_date"])
    replaced = successors.loc[begun.isna() | (begun <= as_of), "predecessor_item_id"]
    stopped = (
        spine["is_active"].map(lambda value: value is False or value == 0).to_numpy(bool)
        if "is_active" in spine
        else False
    )
    gone = np.asarray(stopped) | spine["item_id"].isin(replaced).to_numpy()
    is_new = (age < settings.new_periods * 7).to_numpy()
    silent = stage.isin(["dying", "dead"]).to_numpy()
    return np.select([gone, is_new, silent], ["discontinued", "new", "declining"], "active").astype(object)
