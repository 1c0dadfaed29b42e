"""Effects of the calendar on demand, estimated over families of series by statsmodels.

Stages: (1) every series' own slow level is its exposure; (2) demand and exposure are added up by family and period;
(3) a quasi-Poisson regression of the sums on the calendar and an annual wave gives log effects with standard errors;
(4) effects are shrunk by what their errors leave of them. Models then see demand without the effects
and their forecasts get those of the periods ahead.

A factor common to a family is all that short histories can carry: a lunar new year happens once a year. Known drawback:
an item that answers unlike its family is over- or under-corrected; its own errors show it in the tournament.
Promotions have their own module.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.forecasting.panel import Panel

#: Cells (family, period) that a regression needs per coefficient.
_CELLS_PER_COEFFICIENT = 5

#: Families beyond which a family is a series or two, too few for an effect that comes once a year.
_MOST_FAMILIES = 200


@dataclass(frozen=True)
class Effects:
    """Multiplicative factors (n, end + horizon), and the table of effects.

    table: group, feature, log_effect, standard_error, kept_rate (share of the log effect that is applied).
    failed: series (n,) of families whose regression found no answer; their factors are one.
    """

    factors: NDArray[np.float64]
    table: pd.DataFrame
    failed: NDArray[np.bool_]


def slow_level(panel: Panel, end: int, half_width: int) -> NDArray[np.float64]:
    """Centred moving mean of known demand before `end`, (n, end): the exposure."""
    known = panel.ok[:, :end]
    units = np.cumsum(np.pad(np.where(known, panel.y[:, :end], 0.0), ((0, 0), (1, 0))), axis=1)
    number = np.cumsum(np.pad(known.astype(float), ((0, 0), (1, 0))), axis=1)
    low = np.maximum(np.arange(end) - half_width, 0)
    high = np.minimum(np.arange(end) + half_width + 1, end)
    count = number[:, high] - number[:, low]
    return np.divide(units[:, high] - units[:, low], count, out=np.zeros((len(units), end)), where=count > 0)


def estimate_effects(panel: Panel, calendar: pd.DataFrame, end: int, horizon: int, season: int) -> Effects | None:
    """Effects from columns before `end`, as factors for all columns to `end + horizon`.

    Args:
        calendar: features of the columns (at least end + horizon rows), none correlated with a mere constant.

    A family whose regression fails has no effects and is named in `failed`.

    Returns None where no feature varies in the history or the history is shorter than a season and a third.
    """
    wide = end + horizon
    table = calendar.iloc[:wide].reset_index(drop=True)
    table = table.loc[:, table.iloc[:end].abs().to_numpy().sum(axis=0) > 0] if len(table.columns) else table
    if table.shape[1] == 0 or end < 1.35 * min(season, 52):
        return None
    exposure = slow_level(panel, end, max(season // 2, 6) if season <= 52 else 26)
    factors = np.ones((len(panel.y), wide))
    failed = np.zeros(len(panel.y), dtype=bool)
    rows = []
    families = np.unique(panel.group)
    for code in families if len(families) <= _MOST_FAMILIES else []:
        member = panel.group == code
        try:
            found = _family_effects(panel, exposure, table, member, end, season)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError):
            failed |= member  # demand that one feature explains wholly, or hardly any demand at all
            continue
        if found is None:
            continue
        names, beta, error = found
        kept = np.clip(1.0 - (error / np.where(beta == 0, np.inf, np.abs(beta))) ** 2, 0.0, 1.0)
        log_calendar = np.zeros(wide)
        for name, b, e, k in zip(names, beta, error, kept, strict=True):
            rows.append((int(code), name, b, e, k))
            log_calendar += b * k * table[name].to_numpy()
        factors[member] *= np.exp(np.clip(log_calendar, -2.0, 2.0))[None, :]
    if not rows and not failed.any():
        return None
    columns = ["group", "feature", "log_effect", "standard_error", "kept_rate"]
    return Effects(factors, pd.DataFrame(rows, columns=columns), failed)


def _family_effects(
    panel: Panel,
    exposure: NDArray,
    table: pd.DataFrame,
    member: NDArray[np.bool_],
    end: int,
    season: int,
) -> tuple[list[str], NDArray, NDArray] | None:
    """Names, log effects and standard errors of one family; None where it has too few cells."""
    import statsmodels.api as sm

    use = panel.exact[member, :end] & (exposure[member] > 0)
    units, base = panel.y[member, :end], exposure[member]
    total, level = np.where(use, units, 0.0).sum(axis=0), np.where(use, base, 0.0).sum(axis=0)
    column = np.flatnonzero(level > 0)
    total, level = total[column], level[column]
    names = list(table.columns)
    design = [table[name].to_numpy()[column] for name in names]
    angle = 2 * np.pi * (column + panel.first_period) / {52: 365.25 / 7}.get(season, season)
    waves = [f(k * angle) for k in (1, 2) for f in (np.sin, np.cos)] if season > 2 and end >= 2 * season else []
    x = np.column_stack([*design, *waves, np.ones(len(total))])
    if not names or len(total) < _CELLS_PER_COEFFICIENT * x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a warning would say is judged by the figures below
        fit = sm.GLM(total, x, family=sm.families.Poisson(), exposure=level).fit(scale="X2")
    beta, error = np.asarray(fit.params)[: len(names)], np.asarray(fit.bse)[: len(names)]
    if not (np.isfinite(beta).all() and np.isfinite(error).all()):
        raise ValueError("the regression gave no figures")
    return names, beta, error
