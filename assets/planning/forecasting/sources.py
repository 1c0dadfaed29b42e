"""Where the grids of a run come from: conditions and states at every origin, compiled models, statsforecast if planned,
and models that installed packages add."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assets.planning.demand.calendar import calendar_features
from assets.planning.forecasting.batch_source import BatchPlan, batch_means, with_batch
from assets.planning.forecasting.conditions import Conditions, conditions_at
from assets.planning.forecasting.evidence import GridSource
from assets.planning.forecasting.extension_source import extension_means, extension_models
from assets.planning.forecasting.families import Ahead, Grids, family_grids
from assets.planning.forecasting.panel import Panel
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.forecasting.states import State, base_states


def grid_source(
    panel: Panel,
    settings: ForecastSettings,
    segments: NDArray[np.int64],
    kinds: tuple[str, ...],
    ends: list[int],
    ahead: Ahead,
    planned: BatchPlan | None,
) -> tuple[GridSource, dict[int, Conditions]]:
    """Source of all models for the origins `ends`; seasons, effects and states are found for all series at each. Beside it
    the conditions of each origin.

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

    def source(rows: NDArray[np.int64], end: int) -> Iterator[tuple[str, Grids]]:
        return family_grids(panel, *known[end], kinds, rows, settings.season, ahead)

    whole: GridSource = source
    if planned is not None:
        whole = with_batch(whole, panel, known, means, planned.rows, kinds[-1], ahead)
    every = np.arange(len(panel.y))
    for model in extension_models():
        own = {end: extension_means(panel, at, model, settings.season) for end, (at, _) in known.items()}
        whole = with_batch(whole, panel, known, own, every, kinds[-1], ahead, model)
    return whole, {end: at for end, (at, _) in known.items()}
