"""Planners' own figures in place of the forecast, and what they were worth once the demand is known.

A planner's figure replaces the mean of the days that it covers; the shape of the distribution stays, scaled to the new
mean. The model's own mean stays beside it, so that the two can be compared with what came (forecast value added of
overrides: Fildes, Goodwin, Lawrence & Nikolopoulos 2009, "Effective forecasting and judgmental adjustments",
International Journal of Forecasting 25(1), 3-23).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import poisson

from assets.planning.demand.periods import period_of_day, period_start_day
from assets.planning.forecasting.engine import KEYS
from assets.planning.forecasting.grids import LEVELS, to_units
from assets.planning.forecasting.result import ForecastResult
from assets.planning.forecasting.settings import PUBLISHED_QUANTILES
from assets.planning.forecasting.tables import quantile_column

#: What `with_overrides` adds to `planning.forecasts`.
OVERRIDE_COLUMNS = ["statistical_mean_units", "planner_name", "override_reason", "override_entered_date"]


def with_overrides(result: ForecastResult, overrides: pd.DataFrame, frequency: str) -> ForecastResult:
    """The forecast with planners' figures in it, and `OVERRIDE_COLUMNS` beside every row.

    Where figures overlap, the one entered last counts for the day. A period that a figure covers in part keeps the
    model's demand for its other days. A row says the planner whose figure covers most of its days.

    Args:
        result: forecast of every item x warehouse.
        overrides: item_id, warehouse_id, start_date, end_date, demand_units (all days together), planner_name,
            override_reason, entered_date; those in effect on the day.
        frequency: period of the forecast, as in `ForecastSettings`.
    """
    rows = result.forecasts
    count = len(result.keys)
    statistical = rows["mean_units"].to_numpy(float)
    none = np.full(len(rows), None, dtype=object)
    said = {name: none.copy() for name in OVERRIDE_COLUMNS[1:]}
    mean = statistical.copy()
    for at, covered in _covered(result, overrides, frequency, len(rows) // count if count else 0):
        for place, units, share, line in covered:
            mean[at + place] = units + statistical[at + place] * (1.0 - share)
            said["planner_name"][at + place] = line["planner_name"]
            said["override_reason"][at + place] = line["override_reason"]
            said["override_entered_date"][at + place] = line["entered_date"]
    moved = moved_to(result, mean.reshape(count, -1) if count else np.zeros((0, 0)))
    entered = pd.to_datetime(pd.Series(said.pop("override_entered_date"), index=rows.index))
    text = {name: pd.Series(values, index=rows.index, dtype="string") for name, values in said.items()}
    table = moved.forecasts.assign(statistical_mean_units=statistical, **text, override_entered_date=entered)
    return replace(moved, forecasts=table)


def with_columns(forecasts: pd.DataFrame) -> pd.DataFrame:
    """The rows with `OVERRIDE_COLUMNS`; where they lack them, no planner replaced anything."""
    if "planner_name" in forecasts:
        return forecasts
    return forecasts.assign(
        statistical_mean_units=forecasts["mean_units"],
        planner_name=None,
        override_reason=None,
        override_entered_date=np.datetime64("NaT", "ns"),
    )


def _covered(
    result: ForecastResult, overrides: pd.DataFrame, frequency: str, horizon: int
) -> Iterator[tuple[int, list[tuple[int, float, float, dict[Hashable, Any]]]]]:
    """Per series with figures: its first row, and (period, units of the covered days, share covered, line) of each period."""
    if overrides.empty or not horizon:
        return
    starts = pd.DatetimeIndex(result.forecasts["period_start_date"].iloc[:horizon])
    first = starts.to_numpy().astype("datetime64[D]").astype("int64")
    last = period_start_day(period_of_day(first[-1:], frequency) + 1, frequency)[0]
    edges = np.append(first, last) - first[0]
    place = pd.MultiIndex.from_frame(result.keys).get_indexer(pd.MultiIndex.from_frame(overrides[KEYS]))
    order = overrides.assign(place=place, line=np.arange(len(overrides)))
    order = order[order["place"] >= 0].sort_values(["entered_date", "start_date", "end_date"], kind="stable")
    lines = overrides.to_dict("records")
    placed = order["place"].to_numpy()
    for series in np.unique(placed):
        rate, owner = np.zeros(edges[-1]), np.full(edges[-1], -1)
        for line in order["line"].to_numpy()[placed == series]:
            said = lines[line]
            begin = (pd.Timestamp(said["start_date"]) - starts[0]).days
            end = (pd.Timestamp(said["end_date"]) - starts[0]).days + 1
            days = slice(max(begin, 0), max(min(end, edges[-1]), 0))
            rate[days], owner[days] = said["demand_units"] / (end - begin), line
        found = []
        for period, (left, right) in enumerate(pairwise(edges)):
            held = owner[left:right]
            if (held >= 0).any():
                most = np.bincount(held[held >= 0]).argmax()
                share = float((held >= 0).mean())
                found.append((period, float(rate[left:right].sum()), share, lines[most]))
        if found:
            yield int(series) * horizon, found


def moved_to(result: ForecastResult, mean: NDArray[np.float64]) -> ForecastResult:
    """The forecast moved to other means of its periods (n, H), in units; quantiles keep their distance in proportion.

    Where the model expects nothing there is nothing to scale: the quantiles are then those of a Poisson demand.
    """
    rows, demand = result.forecasts, result.demand
    before = rows["mean_units"].to_numpy(float).reshape(mean.shape)
    changed = np.flatnonzero((mean != before).any(axis=1))
    if not len(changed):
        return result
    horizon = mean.shape[1]
    unit = demand.unit[changed]
    names = [quantile_column(level) for level in PUBLISHED_QUANTILES]
    at = (changed[:, None] * horizon + np.arange(horizon)).ravel()
    table = rows[names].to_numpy(float)
    quantiles = _scaled(
        table[at].reshape(len(changed), horizon, -1),
        before[changed],
        mean[changed],
        np.array(PUBLISHED_QUANTILES),
        unit,
    )
    table[at] = to_units(quantiles, unit[:, None, None]).reshape(len(at), -1)
    columns = dict(zip(names, table.T, strict=True))
    total = np.cumsum(mean[changed], axis=1)[:, demand.knots - 1]
    grid, sums = demand.grid.copy(), demand.mean.copy()
    grid[changed] = _scaled(grid[changed], sums[changed], total, LEVELS, unit)
    sums[changed] = total
    return replace(
        result,
        forecasts=rows.assign(mean_units=mean.ravel(), **columns),
        demand=replace(demand, grid=grid, mean=sums),
    )


def _scaled(
    grid: NDArray[np.float64],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    levels: NDArray[np.float64],
    unit: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Quantiles (n, T, K) at `levels` (K,) of demand whose mean goes from `before` to `after` (n, T)."""
    factor = np.divide(after, before, out=np.zeros_like(after), where=before > 0)
    step = np.where(unit > 0, unit, 1.0)[:, None]
    drawn = poisson.ppf(levels, np.maximum(after, 0.0)[..., None] / step[..., None]) * step[..., None]
    return np.where((before > 0)[..., None], grid * factor[..., None], drawn)


def of_heads(
    whole: ForecastResult, result: ForecastResult, member: pd.MultiIndex, head: pd.MultiIndex
) -> ForecastResult:
    """The forecast of each feeding place with all below it, moved by what planners changed in its members.

    Args:
        whole: forecast of the heads. result: `with_overrides` of every item x warehouse.
        member, head: item_id, warehouse_id of every pair of a row and the head above it (the head is its own member).
    """
    horizon = len(whole.forecasts) // max(len(whole.keys), 1)
    rows = result.forecasts
    change = (rows["mean_units"] - rows["statistical_mean_units"]).to_numpy(float).reshape(-1, horizon)
    source = pd.MultiIndex.from_frame(result.keys).get_indexer(member)
    target = pd.MultiIndex.from_frame(whole.keys).get_indexer(head)
    known = (source >= 0) & (target >= 0)
    moved = np.zeros((len(whole.keys), horizon))
    np.add.at(moved, target[known], change[source[known]])
    mean = whole.forecasts["mean_units"].to_numpy(float).reshape(-1, horizon)
    return moved_to(whole, np.maximum(mean + moved, 0.0))


def override_rows(forecasts: pd.DataFrame, actual_units: pd.Series | None = None) -> pd.DataFrame:
    """A row per forecast that a planner replaced, in `VALUE_COLUMNS`.

    Args:
        forecasts: rows of a vintage with `OVERRIDE_COLUMNS`.
        actual_units: demand of each of these rows; None: not known yet.
    """
    table = forecasts.assign(
        statistical_units=forecasts["statistical_mean_units"].astype(float),
        override_units=forecasts["mean_units"].astype(float),
        actual_units=np.nan if actual_units is None else actual_units.astype(float),
    )
    return table.loc[table["planner_name"].notna(), VALUE_COLUMNS].reset_index(drop=True)


VALUE_COLUMNS = [
    *KEYS, "origin_date", "vintage_kind", "period_start_date", "horizon_periods", "model", "planner_name", "override_reason",
    "override_entered_date", "statistical_units", "override_units", "actual_units",
]  # fmt: skip
