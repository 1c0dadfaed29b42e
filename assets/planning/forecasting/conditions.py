"""Season and effects at one origin: how history is made comparable, and what is put back on the forecast.

Belongs here: the multiplicative factors of each series by kind of season. Estimation is in `season` and `effects`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.forecasting.effects import Effects, estimate_effects
from assets.planning.forecasting.panel import Panel
from assets.planning.forecasting.promotions import PromotionEffects, promotion_effects
from assets.planning.forecasting.regressors import RegressorEffects, regressor_effects
from assets.planning.forecasting.season import FAMILY_CYCLES, OWN_CYCLES, Seasons, seasonal_factors
from assets.planning.sentences import say, with_clause


@dataclass(frozen=True)
class Conditions:
    """Factors known at the origin `end` for the columns before it and the `horizon` after it."""

    end: int
    horizon: int
    seasons: Seasons | None
    effects: Effects | None
    promotions: PromotionEffects | None
    regressors: RegressorEffects | None = None

    def rows(self, part: NDArray[np.int64]) -> Conditions:
        """What is known of some of the series: their factors, without the tables that explain them."""
        seasons, effects = self.seasons, self.effects
        if seasons is not None:
            seasons = replace(seasons, family=seasons.family[part], own=seasons.own[part])
        if effects is not None:
            table = effects.table.iloc[:0]
            effects = replace(effects, factors=effects.factors[part], failed=effects.failed[part], table=table)
        promotions, regressors = self.promotions, self.regressors
        if promotions is not None:
            promotions = replace(promotions, factors=promotions.factors[part], table=promotions.table.iloc[:0])
        if regressors is not None:
            regressors = replace(regressors, factors=regressors.factors[part], table=regressors.table.iloc[:0])
        return replace(self, seasons=seasons, effects=effects, promotions=promotions, regressors=regressors)

    def uplift(self) -> NDArray[np.float64] | None:
        """Share (n, horizon) that promotions add to each period ahead; None where none is planned."""
        return None if self.promotions is None else self.promotions.factors[:, self.end :] - 1.0

    def regressor_effect(self) -> NDArray[np.float64] | None:
        """Share (n, horizon) that regressors add to each period ahead; None where there are none."""
        return None if self.regressors is None else self.regressors.factors[:, self.end :] - 1.0

    def explained(self, reasons: NDArray[np.object_]) -> NDArray[np.object_]:
        """The reasons of the choice, with what was left out because it could not be estimated."""
        if self.effects is None or not self.effects.failed.any():
            return reasons
        return np.array(with_clause(reasons, self.effects.failed, say("effects_left_out")), object)

    def flatten(self, panel: Panel, rows: NDArray[np.int64], kind: str) -> tuple[NDArray, NDArray]:
        """History (rows, end) without effects and season, and the factors (rows, horizon) of the periods ahead."""
        flat = panel.y[rows, : self.end].copy()
        ahead = np.ones((len(rows), self.horizon))
        for found in (self.promotions, self.effects, self.regressors):
            if found is not None:
                flat /= found.factors[rows, : self.end]
                ahead *= found.factors[rows, self.end :]
        if self.seasons is not None and kind:
            both = self.seasons.family if kind == "_family" else self.seasons.own
            window = self.end - self.seasons.first_column
            flat[:, self.seasons.first_column :] /= both[rows, :window]
            ahead *= both[rows, window : window + self.horizon]
        return flat, ahead


def season_kinds(season: int, last_origin: int) -> tuple[str, ...]:
    """Kinds of season that can be judged at the last origin; one that cannot be judged at all is not offered.

    At earlier origins, where it cannot be estimated yet, a kind of season is what it then would have been: none.
    """
    kinds = [""]
    if season > 1 and last_origin >= FAMILY_CYCLES * season:
        kinds.append("_family")
    if season > 1 and last_origin >= OWN_CYCLES * season:
        kinds.append("_own")
    return tuple(kinds)


def conditions_at(
    panel: Panel, end: int, horizon: int, season: int, calendar: pd.DataFrame, kinds: tuple[str, ...]
) -> Conditions:
    """Estimate promotions, the calendar, regressors and the season, each on what the ones before leave, before `end`."""
    promotions = promotion_effects(panel, end, horizon)
    left = panel if promotions is None else _without(panel, promotions.factors, end)
    effects = estimate_effects(left, calendar, end, horizon, season)
    left = left if effects is None else _without(left, effects.factors, end)
    regressors = regressor_effects(left, end, horizon)
    left = left if regressors is None else _without(left, regressors.factors, end)
    seasons = seasonal_factors(left, end, horizon, season) if len(kinds) > 1 else None
    return Conditions(end, horizon, seasons, effects, promotions, regressors)


def _without(panel: Panel, factors: NDArray[np.float64], end: int) -> Panel:
    """The panel before `end`, its demand divided by the factors."""
    return replace(panel, y=panel.y[:, :end] / factors[:, :end], ok=panel.ok[:, :end], exact=panel.exact[:, :end])
