"""What statsmodels says about one series: decomposition, stationarity, residuals, and a state space with gaps.

Belongs here: the slower, closer look at a few series (the review's, a planner's question), never at all of them.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Diagnosis:
    """Strengths in [0, 1] (Wang, Smith & Hyndman 2006), p-values, null where the series is too short for a test.

    stationary_p: augmented Dickey-Fuller, small = stationary. unstable_p: KPSS, small = not stationary.
    residual_p: Ljung-Box on the remainder, small = the remainder still holds a pattern.
    """

    trend_strength: float
    season_strength: float | None
    stationary_p: float | None
    unstable_p: float | None
    residual_p: float | None


def _strength(part: NDArray, rest: NDArray) -> float:
    whole = float(np.var(part + rest))
    return 0.0 if whole <= 0 else float(max(0.0, 1.0 - np.var(rest) / whole))


def diagnose(values: NDArray[np.float64], season: int) -> Diagnosis:
    """Decompose and test one series of known values in time order.

    Raises ValueError below eight values, where nothing can be said.
    """
    from statsmodels.nonparametric.smoothers_lowess import lowess
    from statsmodels.stats.diagnostic import acorr_ljungbox
    from statsmodels.tsa.seasonal import STL
    from statsmodels.tsa.stattools import adfuller, kpss

    y = np.asarray(values, dtype=float)
    if len(y) < 8:
        raise ValueError("fewer than eight values: nothing can be said about the series")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if season > 1 and len(y) >= 2 * season:
            parts = STL(y, period=season, robust=True).fit()
            trend, wave, rest = parts.trend, parts.seasonal, parts.resid
        else:
            trend = lowess(y, np.arange(len(y)), frac=0.5, return_sorted=False)
            wave, rest = np.zeros(len(y)), y - trend
        constant = float(np.ptp(y)) == 0
        testable = len(y) >= 16 and not constant
        lags = min(10, len(y) // 5)
        return Diagnosis(
            _strength(trend, rest),
            _strength(wave, rest) if season > 1 and len(y) >= 2 * season else None,
            float(adfuller(y)[1]) if testable else None,
            float(kpss(y, nlags="auto")[1]) if testable else None,
            float(acorr_ljungbox(rest, lags=[lags])["lb_pvalue"].iloc[0]) if testable and np.ptp(rest) > 0 else None,
        )


@dataclass(frozen=True)
class StatePath:
    """Mean and standard deviation of demand per period (history and horizon), and effects with their errors."""

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    effects: NDArray[np.float64]
    effect_errors: NDArray[np.float64]


def state_space_with_gaps(
    values: NDArray[np.float64],
    known: NDArray[np.bool_],
    horizon: int,
    regressors: NDArray[np.float64] | None = None,
) -> StatePath:
    """A local level with regressors, by the Kalman filter, for a series with censored periods.

    Args:
        values: demand in units per period; known: False where it is hidden (the filter then only carries its doubt on).
        regressors: (len(values) + horizon, R) promotion, price, calendar, known for the future too.

    Returns smoothed means of history and forecasts; uncertainty of the effects is inside the standard deviations.
    """
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    y = np.where(known, np.asarray(values, dtype=float), np.nan)
    count = len(y)
    past = None if regressors is None else regressors[:count]
    ahead = None if regressors is None else regressors[count:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = UnobservedComponents(y, level="local level", exog=past)
        fit = model.fit(disp=False, maxiter=200)
        forecast = fit.get_forecast(horizon, exog=ahead)
        inside = fit.get_prediction(0, count - 1)
    number = 0 if regressors is None else regressors.shape[1]
    names = list(fit.model.param_names)
    place = [k for k, name in enumerate(names) if name.startswith("beta")][:number]
    smooth = fit.smoothed_state[0] + (0.0 if past is None else past @ np.asarray(fit.params)[place])
    return StatePath(
        np.concatenate([smooth, forecast.predicted_mean]),
        np.concatenate([np.asarray(inside.se_mean), np.asarray(forecast.se_mean)]),
        np.asarray(fit.params)[place],
        np.asarray(fit.bse)[place],
    )
