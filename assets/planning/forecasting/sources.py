"""Where the grids of a run come from: conditions and states at every origin, compiled models, statsforecast if planned,
and models that installed packages add."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assets.planning.demand.calendar import calendar_features
from assets.planning.forecasting.batch_source import BATCH_MODEL, Added, BatchPlan, added_grids, batch_means
from assets.planning.forecasting.conditions import Conditions, conditions_at
from assets.planning.forecasting.extension_source import extension_means, extension_models
from assets.planning.forecasting.families import Ahead, Grids, family_grids
from assets.planning.forecasting.panel import Panel
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.forecasting.states import State, base_states


@dataclass(frozen=True)
class ModelSource:
    """All models of some series, at the origins whose conditions and states are known."""

    panel: Panel
    known: dict[int, tuple[Conditions, dict[str, State]]]
    kinds: tuple[str, ...]
    season: int
    ahead: Ahead
    added: tuple[Added, ...]

    def part(self, rows: NDArray[np.int64]) -> ModelSource:
        """The source of some of the series, which holds nothing of the others and can be sent to another machine."""
        known = {
            end: (at.rows(rows), {name: state.rows(rows) for name, state in states.items()})
            for end, (at, states) in self.known.items()
        }
        return replace(
            self, panel=self.panel.rows(rows), known=known, added=tuple(model.rows(rows) for model in self.added)
        )

    def grids(self, end: int) -> Iterator[tuple[str, Grids]]:
        """(model, grids) of all its series at an origin, one model after the other."""
        every, (at, states) = np.arange(len(self.panel.y)), self.known[end]
        trend: Grids | None = None
        for name, grids in family_grids(self.panel, at, states, self.kinds, every, self.season, self.ahead):
            if name == f"damped_trend{self.kinds[-1]}_nb":
                trend = grids
            yield name, grids
        for model in self.added:
            if trend is None:
                raise ValueError("the source yields no damped trend")
            yield model.name, added_grids(model, self.panel, at, states, self.kinds[-1], self.ahead, trend)


def model_source(
    panel: Panel,
    settings: ForecastSettings,
    segments: NDArray[np.int64],
    kinds: tuple[str, ...],
    ends: list[int],
    ahead: Ahead,
    planned: BatchPlan | None,
) -> ModelSource:
    """Source of all models for the origins `ends`; seasons, effects and states are found for all series at each.

    `planned` are the rows that the slower families are fitted to; none switches them off.
    """
    columns = panel.first_period + np.arange(panel.size[1] + ahead.horizon)
    calendar = calendar_features(columns, panel.frequency, settings.calendars)
    known: dict[int, tuple[Conditions, dict[str, State]]] = {}
    means: dict[int, NDArray[np.float64]] = {}
    for end in ends:
        at = conditions_at(panel, end, ahead.horizon, settings.season, calendar, kinds)
        known[end] = (at, base_states(panel, at, kinds, segments, settings.workers))
        if planned is not None:
            means[end] = batch_means(panel, at, planned, kinds[-1], settings.season, 1)
    added: list[Added] = []
    if planned is not None:
        place = np.full(len(panel.y), -1)
        place[planned.rows] = np.arange(len(planned.rows))
        added.append(Added(BATCH_MODEL, means, place))
    for model in extension_models():
        own = {end: extension_means(panel, at, model, settings.season) for end, (at, _) in known.items()}
        added.append(Added(model, own, np.arange(len(panel.y))))
    return ModelSource(panel, known, kinds, settings.season, ahead, tuple(added))
