"""Point forecasts of whole batches by statsforecast: the exponential smoothing, Theta and CES families.

Belongs here: the call into the library and the combination of what it returns. The combination is the median of the
members (Petropoulos & Svetunkov 2020, doi:10.1016/j.ijforecast.2019.01.006, "SCUM"), which no member's accident moves.
AutoARIMA is not a member: on two cores it costs forty times the others together (docs/forecasting.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Seconds per series of 100 points and per fit, one process, measured 2026-11 on the reference machine (docs); with
#: a season of its own, the smoothing state space costs ten times as much, and the complex one four times beyond a year's months.
MEMBER_SECONDS: dict[str, float] = {"ets": 0.007, "theta": 0.0075, "ces": 0.0035}
_SEASONAL_ETS_FACTOR, _LONG_CES_FACTOR = 10.0, 4.0


def member_cost(name: str, season: int, points: float) -> float:
    """Seconds that one fit of a member takes for a series of `points` periods; costs grow with length."""
    factor = 1.0
    if name == "ets" and season > 1:
        factor = _SEASONAL_ETS_FACTOR
    elif name == "ces" and season > 12:
        factor = _LONG_CES_FACTOR
    return MEMBER_SECONDS[name] * factor * max(points, 20.0) / 100.0


def _member(name: str, season: int) -> Any:
    from statsforecast import models

    if name == "ets":
        return models.AutoETS(season_length=season, alias=name)
    if name == "theta":
        return models.DynamicOptimizedTheta(season_length=season, alias=name)
    if name == "ces":
        return models.AutoCES(season_length=season, alias=name)
    raise ValueError(f"{name!r} is none of {', '.join(MEMBER_SECONDS)}")


def batch_points(
    series: Sequence[NDArray[np.float64]], horizon: int, members: Sequence[str], season: int = 1, processes: int = 1
) -> dict[str, NDArray[np.float64]]:
    """Forecasts (n, horizon) of each member for series of any length, in their order.

    Where a member fails on a series (too short, constant) its forecast is the last value.
    """
    from statsforecast import StatsForecast
    from statsforecast.models import Naive

    lengths = [len(values) for values in series]
    long = pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(len(series)), lengths),
            "ds": np.concatenate([np.arange(size) for size in lengths]),
            "y": np.concatenate(list(series)).astype(float),
        }
    )
    engine = StatsForecast(
        models=[_member(name, season) for name in members], freq=1, n_jobs=processes, fallback_model=Naive()
    )
    table: Any = engine.forecast(df=long, h=horizon)
    return {name: table[name].to_numpy(dtype=float).reshape(len(series), horizon) for name in members}


def combined(points: dict[str, NDArray[np.float64]], members: Sequence[str]) -> NDArray[np.float64]:
    """Median over `members`, period by period; a member that is not finite there does not vote."""
    stack = np.stack([points[name] for name in members])
    return np.nanmedian(np.where(np.isfinite(stack), stack, np.nan), axis=0)
