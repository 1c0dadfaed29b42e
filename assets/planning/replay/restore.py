"""True demand for a replay: what was asked for, plus what an empty shelf hid."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.replay.ragged import KEYS
from assets.planning.shape import timestamps


def restored_demand(daily: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Daily demand with the censored part of each period put back.

    Args:
        daily: intermediate.int_demand_daily (business_date, demand_units, shipped_units).
        history: planning.demand_history; demand_units_imputed - demand_units of a censored period is what was hidden.

    Returns:
        item_id, warehouse_id, business_date, demand_units, shipped_units. What was hidden is on the middle day of
        its period: the day is not known, and one lump is the harder case for a policy.
    """
    asked = daily[[*KEYS, "business_date", "demand_units", "shipped_units"]].copy()
    asked["business_date"] = timestamps(asked["business_date"])
    asked[["demand_units", "shipped_units"]] = asked[["demand_units", "shipped_units"]].astype(float).fillna(0.0)
    if history.empty:
        return asked.sort_values([*KEYS, "business_date"], ignore_index=True)
    start = timestamps(history["period_start_date"])
    hidden = history["demand_units_imputed"].astype(float) - history["demand_units"].astype(float)
    use = history["is_censored"].fillna(False).to_numpy(bool) & (hidden.to_numpy() > 1e-9)
    gaps = np.diff(np.unique(start.to_numpy().astype("datetime64[D]"))).astype(int)
    half = int(np.median(gaps)) // 2 if len(gaps) else 0
    added = history.loc[use, KEYS].assign(
        business_date=(start[use] + pd.Timedelta(days=half)), demand_units=hidden[use], shipped_units=0.0
    )
    both = pd.concat([asked, added], ignore_index=True)
    return both.groupby([*KEYS, "business_date"], sort=True, as_index=False)[["demand_units", "shipped_units"]].sum()
