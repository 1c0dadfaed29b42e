"""The accuracy table: every model of the tournament, winners and losers, per series.

Belongs here: from evidence to `planning.forecast_accuracy`. `error = forecast - actual`, so positive bias is
over-forecast. A ratio whose denominator is zero is null, never zero.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.backtest.scores import difference_scale, squared_difference_scale
from assets.planning.forecasting.evidence import Evidence
from assets.planning.forecasting.panel import Panel


def _ratio(top: NDArray, bottom: NDArray) -> NDArray[np.float64]:
    return np.divide(top, bottom, out=np.full(np.broadcast(top, bottom).shape, np.nan), where=bottom > 0)


def accuracy_frame(
    panel: Panel, evidence: Evidence, chosen: NDArray[np.int64], reasons: NDArray[np.object_], horizon: int, season: int
) -> pd.DataFrame:
    """One row per series and model, plus key columns first, in the columns of docs/interfaces.md.

    wape, bias: sums of (absolute) errors over sums of actuals. mase: mean absolute error over the mean absolute
    seasonal difference of the history. rmsse: root of squared error over squared one-step difference. scaled_pinball:
    mean over the scored quantiles, periods and sums. coverage_90: share of actual periods inside the model's own 5-95 %
    interval, before calibration. naive_scaled_pinball: the same loss of the seasonal naive.
    """
    n, models = len(panel.keys), len(evidence.models)
    origins = evidence.scored.sum(axis=1)
    points = np.maximum(origins, 1) * horizon
    lag = season if panel.y.shape[1] > 2 * season else 1
    mase_scale = difference_scale(panel.y, panel.exact, lag)
    rmsse_scale = squared_difference_scale(panel.y, panel.exact)
    actual = evidence.actual.sum(axis=1)[:, None]
    absolute, error = np.nansum(evidence.absolute, axis=2), np.nansum(evidence.error, axis=2)
    square = np.nansum(evidence.square, axis=2)
    count = np.maximum(origins, 1)[:, None]
    pinball = np.nansum(evidence.loss, axis=2) / count
    naive = pinball[:, [evidence.models.index("seasonal_naive")]]
    known = (origins > 0)[:, None] & np.ones((1, models), dtype=bool)
    wide = {
        "wape": _ratio(absolute, actual),
        "bias": _ratio(error, actual),
        "mase": absolute / points[:, None] / mase_scale[:, None],
        "rmsse": np.sqrt(square / points[:, None] / rmsse_scale[:, None]),
        "scaled_pinball": pinball,
        "coverage_90": np.nansum(evidence.inside_90, axis=2) / count,
        "naive_scaled_pinball": np.broadcast_to(naive, pinball.shape),
    }
    is_chosen = np.zeros((n, models), dtype=bool)
    is_chosen[np.arange(n), chosen] = True
    reason = np.full((n, models), "", dtype=object)
    reason[is_chosen] = reasons
    keys = panel.keys.loc[panel.keys.index.repeat(models)].reset_index(drop=True)
    columns = {
        "model": np.tile(np.array(evidence.models, dtype=object), n),
        "is_chosen": is_chosen.ravel(),
        "reason": reason.ravel(),
        "origins": np.repeat(origins, models),
    }
    measures = {name: np.where(known, value, np.nan).ravel() for name, value in wide.items()}
    return pd.concat([keys, pd.DataFrame({**columns, **measures})], axis=1)
