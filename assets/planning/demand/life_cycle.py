"""Where an item stands in its life: new, active, dying, dead.

An item is dying when its silence is longer than its own rhythm explains: with demand in a share p of the periods
between its first and last demand, a silence of k periods has the probability (1 - p)^k (geometric gaps).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from assets.planning.demand.history import KEYS

STAGES = ("new", "active", "dying", "dead")


class LifeCycleSettings(BaseModel):
    """Thresholds of the stages, in periods and probabilities."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Younger than this many periods since the first one: new.
    new_periods: int = Field(default=13, ge=1)
    #: A silence that the rhythm explains with less than this probability: dying.
    dying_probability: float = Field(default=0.05, gt=0, lt=1)
    #: The same for dead; and silence of at least `dead_periods`.
    dead_probability: float = Field(default=0.001, gt=0, lt=1)
    dead_periods: int = Field(default=26, ge=1)


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
