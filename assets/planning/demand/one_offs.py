"""Demand that is no sign of more to come: drop-ship, internal use, one-off projects. Marked, and left out on request.

Belongs here: from marked order lines or from the shape of a series to rows that a forecast should not learn from.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.demand.history import KEYS

#: Kinds of demand that never draw on the shelf again or at all; `stock` is the rest.
DEMAND_KINDS = ("stock", "drop_ship", "internal", "project")


def split_by_kind(
    demand_daily: pd.DataFrame, planned: tuple[str, ...] = ("stock",)
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Demand rows that the plan learns from, and the rest, by their `demand_kind`.

    A frame without the column is all stock demand. An unknown kind raises ValueError: it would be planned or not by
    accident.
    """
    if "demand_kind" not in demand_daily.columns:
        return demand_daily, demand_daily.iloc[:0]
    kind = demand_daily["demand_kind"].fillna("stock")
    unknown = sorted(set(kind) - set(DEMAND_KINDS))
    if unknown:
        raise ValueError(f"demand_kind {unknown[0]!r} is none of {', '.join(DEMAND_KINDS)}")
    keep = kind.isin(planned)
    return demand_daily[keep], demand_daily[~keep]


def likely_projects(history: pd.DataFrame, ratio: float = 10.0, min_demands: int = 8) -> pd.DataFrame:
    """Periods whose demand is `ratio` times the second largest of a series with at least `min_demands` demands.

    Returns item_id, warehouse_id, period_start_date, demand_units, usual_units (the second largest), for people to
    mark; promotions are left out, being known causes.
    """
    sold = history[(history["demand_units"] > 0) & ~history["is_promotion"]]
    ordered = sold.sort_values([*KEYS, "demand_units"], ascending=[True, True, False], kind="stable")
    place = ordered.groupby(KEYS, sort=False).cumcount().to_numpy()
    count = ordered.groupby(KEYS, sort=False)["demand_units"].transform("size").to_numpy()
    usual = ordered["demand_units"].shift(-1).to_numpy()
    top = (place == 0) & (count >= min_demands)
    top &= ordered["demand_units"].to_numpy() >= ratio * np.nan_to_num(usual, nan=np.inf)
    out = ordered.loc[top, [*KEYS, "period_start_date", "demand_units"]].copy()
    out["usual_units"] = usual[top]
    return out.reset_index(drop=True)
