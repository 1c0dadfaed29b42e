"""A company's own forecasters as models of the tournament: entry points `stockturn.forecasters` (assets/extensions.py).

A forecaster gives point forecasts; spread and shape are those of the compiled damped trend, as for the slower families.
Whether it is used is decided by the same held-out origins as for every model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.extensions import FORECASTERS, ExtensionError, call, load, names
from assets.planning.forecasting.conditions import Conditions
from assets.planning.forecasting.panel import Panel


def extension_models() -> tuple[str, ...]:
    """Names of the models that installed packages add.

    Raises:
        ExtensionError: one of them cannot be loaded: no run may continue without what it was asked to use.
    """
    for name in names(FORECASTERS):
        load(FORECASTERS, name)
    return tuple(f"{name}_nb" for name in names(FORECASTERS))


def extension_means(panel: Panel, at: Conditions, model: str, season: int) -> NDArray[np.float64]:
    """Mean demand (n, horizon) of all series at the origin of `at`, never negative.

    The function gets the histories, a list of one array each, without the effects of calendar and promotions; horizon;
    and the periods of a season. It returns an array (n, horizon).

    Raises:
        ExtensionError: what it returns has another shape, or values that are not finite.
    """
    rows, name = np.arange(len(panel.y)), model.removesuffix("_nb")
    begin = np.minimum(panel.start, max(at.end - 1, 0))
    flat, factors = at.flatten(panel, rows, "")
    histories = [flat[row, begin[row] :] for row in rows]
    points = np.asarray(call(FORECASTERS, name, histories, at.horizon, season), dtype=float)
    wanted = (len(rows), at.horizon)
    if points.shape != wanted or not np.isfinite(points).all():
        raise ExtensionError(
            f"entry point {FORECASTERS}: {name}: gave an array {points.shape}, not finite numbers {wanted}"
        )
    return np.maximum(points, 0.0) * factors
