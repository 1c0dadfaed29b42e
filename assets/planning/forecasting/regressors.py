"""Effects of regressors with known future values (price, weather, events, macro figures) on the demand of a family of series.

Stages: (1) every series' own slow level is its exposure, as for the calendar; (2) a quasi-Poisson regression over the cells of a
family (series x period) on the regressors, each less its mean in the series, gives log effects with standard errors; (3) at
three earlier cuts the same is learned from what lay before and held against the periods after: where the effects do not
bring the demand of most cuts nearer, or an effect is within two standard errors of none, they are not used; (4) effects are
shrunk by what their errors leave of them.

Everything is learned before the origin. Known drawback: an effect is common to a family and linear on the log scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.forecasting.effects import slow_level
from assets.planning.forecasting.panel import Panel

#: Earlier cuts at which the effects are tried.
CUTS = 3
#: Standard errors that an effect must be away from none: noise passes one time in twenty, and then must also help at the cuts.
LEAST_ERRORS = 2.0
#: Cells of a family that a regression reads at most; of larger families every k-th series.
_MOST_CELLS = 200_000
_CELLS_PER_COEFFICIENT = 20
_LEVEL_PERIODS = 26


@dataclass(frozen=True)
class RegressorEffects:
    """factors (n, end + horizon). table: a row per family and regressor: group, feature, log_effect (of one unit), standard_error,
    kept_rate, learned_from (family; not_used: unclear or no help; not_known: too few values, constant, or not known ahead)."""

    factors: NDArray[np.float64]
    table: pd.DataFrame


def regressor_effects(panel: Panel, end: int, horizon: int) -> RegressorEffects | None:
    """Effects learned before column `end`, as factors for all columns to `end + horizon`; None without regressors.

    panel: demand without promotions and calendar; its `regressors` reach over the whole.
    """
    if panel.regressors is None:
        return None
    values = panel.regressors[:, :, : end + horizon]
    factors = np.ones((len(panel.y), end + horizon))
    rows = []
    for code in np.unique(panel.group):
        member = np.flatnonzero(panel.group == code)
        varies = np.flatnonzero(
            np.nanmax(np.abs(_about_mean(values[:, member], end)[:, :, :end]), axis=(1, 2), initial=0) > 0
        )
        found = _fitted(panel, values[varies], member, end) if len(varies) else None
        unknown = set(range(len(values))) - (set(varies.tolist()) if found is not None else set())
        rows += [(int(code), panel.regressor_names[k], 0.0, np.nan, 0.0, "not_known") for k in sorted(unknown)]
        if found is None:
            continue
        beta, error = found
        is_used = (np.abs(beta) > LEAST_ERRORS * error) & _helps(panel, values[varies], member, end, horizon)
        kept = np.clip(1.0 - (error / np.where(beta == 0, np.inf, np.abs(beta))) ** 2, 0.0, 1.0) * is_used
        about = _about_mean(values[varies][:, member], end)
        log_effect = np.tensordot(beta * kept, np.nan_to_num(about), axes=1)
        factors[member] = np.exp(np.clip(log_effect, -2.0, 2.0))
        for position, b, e, k, used in zip(varies, beta, error, kept, is_used, strict=True):
            rows.append((int(code), panel.regressor_names[position], b, e, k, "family" if used else "not_used"))
    columns = ["group", "feature", "log_effect", "standard_error", "kept_rate", "learned_from"]
    return RegressorEffects(
        factors, pd.DataFrame(rows, columns=columns).sort_values(["group", "feature"], kind="stable")
    )


def _about_mean(values: NDArray[np.float64], end: int) -> NDArray[np.float64]:
    """Regressors (k, series, columns) less their mean before `end` in each series; NaN where they are not known."""
    past = values[:, :, :end]
    known = np.isfinite(past)
    count = known.sum(axis=2)
    mean = np.divide(np.where(known, past, 0.0).sum(axis=2), count, out=np.zeros(count.shape), where=count > 0)
    return values - mean[:, :, None]


def _fitted(
    panel: Panel, values: NDArray[np.float64], member: NDArray[np.int64], end: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Log effects and their standard errors; None where there are too few cells, or the regression finds no answer."""
    member = member[:: max(1, -(-len(member) * end // _MOST_CELLS))]
    part = panel.rows(member)
    level = slow_level(part, end, _LEVEL_PERIODS)
    x = _about_mean(values[:, member], end)[:, :, :end]
    use = part.exact[:, :end] & (level > 0) & np.isfinite(x).all(axis=0)
    count = len(x)
    if use.sum() < _CELLS_PER_COEFFICIENT * (count + 1):
        return None
    spread = np.array([each[use].std() for each in x])
    if (spread <= 0).any():
        return None
    design = np.column_stack([*(each[use] / scale for each, scale in zip(x, spread, strict=True)), np.ones(use.sum())])
    answer = _poisson(design, part.y[:, :end][use], level[use])
    if answer is None:
        return None
    beta, error = answer
    return beta[:count] / spread, error[:count] / spread


def _poisson(
    design: NDArray[np.float64], units: NDArray[np.float64], exposure: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Coefficients and standard errors of a quasi-Poisson regression with log link and exposure; None without an answer."""
    import statsmodels.api as sm

    if np.linalg.matrix_rank(design) < design.shape[1] or units.sum() <= 0:
        return None
    try:
        with np.errstate(all="ignore"):
            fit = sm.GLM(units, design, family=sm.families.Poisson(), exposure=exposure).fit(scale="X2")
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        return None
    beta, error = np.asarray(fit.params), np.asarray(fit.bse)
    return (beta, error) if np.isfinite(beta).all() and np.isfinite(error).all() else None


def _helps(panel: Panel, values: NDArray[np.float64], member: NDArray[np.int64], end: int, horizon: int) -> bool:
    """Whether effects learned before earlier cuts bring the demand after them nearer, at most cuts and in sum."""
    gains = []
    for step in range(1, CUTS + 1):
        cut = end - step * horizon
        if cut < 2 * horizon:
            break
        found = _fitted(panel, values, member, cut)
        if found is None:
            continue
        window = slice(max(cut - _LEVEL_PERIODS, 0), cut)
        ok = panel.ok[member, window]
        count = ok.sum(axis=1)
        total = np.where(ok, panel.y[member, window], 0.0).sum(axis=1)
        level = np.divide(total, count, out=np.zeros(len(member)), where=count > 0)
        x = values[:, member]
        lately = np.where(ok[None], x[:, :, window], 0.0).sum(axis=2) / np.maximum(count, 1)
        ahead = slice(cut, cut + horizon)
        effect = np.exp(np.clip(np.tensordot(found[0], x[:, :, ahead] - lately[:, :, None], axes=1), -2.0, 2.0))
        use = panel.exact[member, ahead] & (level > 0)[:, None] & np.isfinite(effect)
        units, plain = panel.y[member, ahead][use], np.broadcast_to(level[:, None], use.shape)[use]
        if units.sum() > 0:
            gains.append(_deviance(units, plain) - _deviance(units, plain * effect[use]))
    return bool(gains) and sum(gains) > 0 and sum(gain > 0 for gain in gains) * 2 > len(gains)


def _deviance(units: NDArray[np.float64], mean: NDArray[np.float64]) -> float:
    """Poisson deviance, the mean brought to the total first: only the shape counts, as the level is another's task."""
    mean = mean * units.sum() / mean.sum()
    ratio = np.divide(units, mean, out=np.ones(len(units)), where=units > 0)
    return float(2 * (units * np.log(ratio) - (units - mean)).sum())
