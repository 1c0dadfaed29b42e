"""One forecast run: panel, rolling origins, tournament, calibration, forecast.

Stages, in order: (1) the panel; (2) segments; (3) every model at every rolling origin, scored; (4) a model per series;
(5) the levels at which its quantiles have to be read, per segment and horizon; (6) the chosen models at the present.
Everything is deterministic: draws break ties of counts only, from the seed of the settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.backtest.origins import rolling_origins, spread_step
from assets.planning.demand.periods import mean_period_days
from assets.planning.forecasting.accuracy import accuracy_frame
from assets.planning.forecasting.batch_source import BATCH_MODEL, BatchPlan, planned_batch
from assets.planning.forecasting.bias import bias_factors, monitored
from assets.planning.forecasting.calibration import calibrated, level_maps, origin_weights
from assets.planning.forecasting.conditions import season_kinds
from assets.planning.forecasting.distribution import DemandDistribution
from assets.planning.forecasting.effect_table import effect_table
from assets.planning.forecasting.evidence import Evidence, gather_evidence
from assets.planning.forecasting.extension_source import extension_models
from assets.planning.forecasting.fallback import isolated
from assets.planning.forecasting.families import Ahead, Grids, eligible_models, model_names
from assets.planning.forecasting.grids import LEVELS, sum_knots
from assets.planning.forecasting.panel import Panel, demand_unit, panel_of_history
from assets.planning.forecasting.result import ForecastResult
from assets.planning.forecasting.segments import SEGMENT_NAMES, demand_interval, demand_segments
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.forecasting.sources import ModelSource, model_source
from assets.planning.forecasting.spread import Spread, by_threads
from assets.planning.forecasting.states import pieces
from assets.planning.forecasting.tables import forecast_table
from assets.planning.forecasting.tournament import Choice, choose

KEYS = ["item_id", "warehouse_id"]


def held_out_levels(
    evidence: Evidence, pick: Callable[[Evidence], Choice]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Levels (n, O, W) at which the actuals of each origin fell, under models (n, O) chosen on the other origins.

    The winner of a choice looks better on the origins it won than on the next one; calibrated on those, its quantiles
    would be too narrow.
    """
    n, _, count, width = evidence.level.shape
    rows = np.arange(n)
    out = np.empty((n, count, width), dtype=np.float32)
    models = np.zeros((n, count), dtype=np.int64)
    for j in range(count):
        models[:, j] = pick(evidence.without_origin(j) if count > 1 else evidence).model
        out[:, j] = evidence.level[rows, models[:, j], j]
    return out, models


def forecast(
    history: pd.DataFrame,
    *,
    settings: ForecastSettings,
    groups: pd.Series | None = None,
    promotions: pd.DataFrame | None = None,
    regressors: pd.DataFrame | None = None,
    previous: pd.DataFrame | None = None,
    spread: Spread | None = None,
) -> ForecastResult:
    """Forecast every item x warehouse of a demand history.

    Args:
        history: `planning.demand_history`: one row per series and period, without gaps, up to one common last period.
        settings: horizon, models, origins, seed.
        groups: name of the family (category) of each series, indexed by item_id, warehouse_id: its season and the
            start of new items are borrowed from it.
        promotions: item_id, warehouse_id (null: all), start_date, end_date, uplift_expected_rate of past and planned
            promotions, as known on the day.
        regressors: past and future values of what moves demand (`demand.regressors`); those that the settings declare are used.
        previous: item_id, warehouse_id, model of the last vintage, for hysteresis.
        spread: where pieces of series are computed; by default by threads.

    Returns:
        Forecasts, accuracy of every model, and the distribution of sums. Every series of `history` is in all three.
    """
    panel = panel_of_history(
        history,
        key_columns=KEYS,
        frequency=settings.frequency,
        groups=groups,
        promotions=promotions,
        regressors=regressors,
        regressor_names=settings.regressors,
        horizon=settings.horizon_periods,
    )
    return forecast_panel(panel, settings, previous=previous, spread=spread)


def forecast_panel(
    panel: Panel,
    settings: ForecastSettings,
    *,
    previous: pd.DataFrame | None = None,
    quantiles: tuple[float, ...] | None = None,
    spread: Spread | None = None,
) -> ForecastResult:
    """Forecast a panel; see `forecast`. `quantiles` replaces the published columns by `q_<level>` ones.

    Series on which the models fail get a fallback that is named on the row (`fallback`).
    """
    return isolated(
        panel,
        lambda part: _forecast_panel(part, settings, previous, quantiles, spread or by_threads(settings.workers)),
        settings.horizon_periods,
        quantiles,
    )


def _forecast_panel(
    panel: Panel,
    settings: ForecastSettings,
    previous: pd.DataFrame | None,
    quantiles: tuple[float, ...] | None,
    spread: Spread,
) -> ForecastResult:
    count = panel.size[1]
    horizon, season = settings.horizon_periods, settings.season
    knots = sum_knots(horizon)
    segments = demand_segments(panel, settings.min_train_periods + horizon)
    earliest = max(settings.min_train_periods, (count - horizon) // 3)
    step = settings.origin_step or spread_step(count, horizon, settings.origins, earliest)
    origins = rolling_origins(count, horizon, settings.origins, step, settings.min_train_periods)
    kinds = season_kinds(season, origins[-1] if origins else 0)
    interval = demand_interval(panel)
    planned: BatchPlan | None = None
    if settings.effort == "standard":
        planned = planned_batch(panel, interval, len(origins) + 1, season, settings.time_budget_seconds)
        planned = planned if len(planned.rows) else None
    names = [*model_names(kinds), *([BATCH_MODEL] if planned else []), *extension_models()]
    eligible = eligible_models(names, interval)
    if planned:
        eligible[:, names.index(BATCH_MODEL)] = np.isin(np.arange(len(interval)), planned.rows)
    ahead = Ahead(horizon, knots, knots)
    evidence = gather_evidence(
        model_source(panel, settings, segments, kinds, origins, ahead, planned),
        names,
        origins,
        min_train=settings.min_train_periods,
        seed=settings.seed,
        spread=spread,
    )
    former = _former(panel, previous, names)

    def pick(seen: Evidence) -> Choice:
        return choose(
            seen,
            segments,
            SEGMENT_NAMES,
            segment_weight=settings.segment_weight_origins,
            overlap=max(1.0, horizon / step),
            hysteresis=settings.hysteresis_rate,
            eligible=eligible,
            previous=former,
        )

    choice = pick(evidence)
    weights = origin_weights(origins)
    levels, held = held_out_levels(evidence, pick)
    maps = level_maps(levels, segments, len(SEGMENT_NAMES), weights)
    moved = bias_factors(evidence, held, segments, weights)
    every = Ahead(horizon, np.arange(1, horizon + 1), knots)
    source = model_source(panel, settings, segments, kinds, [count], every, planned)
    grids = _present(source, choice, names, count, spread)
    mean = grids.mean * moved[:, None]
    unit = demand_unit(panel, count)
    nearest = np.searchsorted(knots, np.arange(1, horizon + 1))
    period = calibrated(grids.period, maps[:, nearest], segments)
    total = calibrated(grids.total, maps[:, len(knots) :], segments)
    demand = DemandDistribution(
        panel.keys,
        mean_period_days(settings.frequency),
        knots,
        total,
        np.cumsum(mean, axis=1)[:, knots - 1],
        unit,
    )
    known, _ = source.known[count]
    reasons = monitored(known.explained(choice.reason), evidence, choice.model, moved)
    accuracy = accuracy_frame(panel, evidence, choice.model, reasons, horizon, season)
    models = np.array(names, dtype=object)[choice.model]
    table = forecast_table(panel, mean, period, unit, models, quantiles, known.uplift(), known.regressor_effect())
    return ForecastResult(table, accuracy, demand, effect_table(panel, known))


def _former(panel: Panel, previous: pd.DataFrame | None, names: list[str]) -> NDArray[np.int64] | None:
    """Index of the model of the last vintage per series, -1 for none or for one that is no longer offered."""
    if previous is None:
        return None
    columns = list(panel.keys.columns)
    merged = panel.keys.merge(previous[[*columns, "model"]].drop_duplicates(columns), on=columns, how="left")
    position = {name: k for k, name in enumerate(names)}
    return np.asarray(merged["model"].map(position).fillna(-1), dtype=np.int64)


@dataclass(frozen=True)
class _Chosen:
    """Some series, the model (n,) chosen for each, and the origin."""

    source: ModelSource
    model: NDArray[np.int64]
    names: list[str]
    end: int


def _present(source: ModelSource, choice: Choice, names: list[str], end: int, spread: Spread) -> Grids:
    """Grids of the chosen models at the end of the history."""
    n = len(source.panel.y)
    out, rows = _blank(n, source.ahead), pieces(n)
    found = spread(_present_piece, lambda part: _Chosen(source.part(part), choice.model[part], names, end), rows)
    for part, grids in zip(rows, found, strict=True):
        out.mean[part], out.period[part], out.total[part] = grids.mean, grids.period, grids.total
    return out


def _present_piece(piece: _Chosen) -> Grids:
    out = _blank(len(piece.model), piece.source.ahead)
    for name, grids in piece.source.grids(piece.end):
        mine = piece.model == piece.names.index(name)
        out.mean[mine], out.period[mine], out.total[mine] = grids.mean[mine], grids.period[mine], grids.total[mine]
    return out


def _blank(n: int, ahead: Ahead) -> Grids:
    width = len(LEVELS)
    return Grids(
        np.zeros((n, ahead.horizon)), np.zeros((n, len(ahead.at), width)), np.zeros((n, len(ahead.knots), width))
    )
