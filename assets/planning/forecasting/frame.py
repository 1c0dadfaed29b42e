"""Forecasts of any long frame: what `stockturn forecast` calls. A frame in, frames out; nothing is read or written.

Series may differ in length and end. Each is forecast from its own last period; the ones that end with the newest
period of the frame are one panel with a common calendar, the others are laid end to end with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.censoring import impute_hidden_demand
from assets.planning.demand.periods import period_start_day, to_dates
from assets.planning.demand.settings import Frequency
from assets.planning.forecasting.engine import forecast_panel
from assets.planning.forecasting.grids import at_levels, to_units
from assets.planning.forecasting.panel import Panel
from assets.planning.forecasting.screening import Screened, screen
from assets.planning.forecasting.settings import ForecastSettings


@dataclass(frozen=True)
class FrameForecast:
    """Results of `forecast_frame`.

    forecasts: series_id, period, mean, q_<level>... one row per series and period ahead. totals: series_id, periods,
    mean, q_<level>... of the sum over the horizon, None unless asked for. refused: series_id, reason, and the first row
    (position in the frame), column and value that show it. notes: series_id,
    note. accuracy: one row per series and model.
    """

    forecasts: pd.DataFrame
    totals: pd.DataFrame | None
    refused: pd.DataFrame
    notes: pd.DataFrame
    accuracy: pd.DataFrame


def forecast_frame(
    frame: pd.DataFrame,
    *,
    freq: Frequency,
    horizon: int,
    quantiles: Sequence[float] = (0.5, 0.8, 0.9, 0.95, 0.99),
    sum_horizon: bool = False,
    gaps_are_zero: bool = True,
    settings: ForecastSettings | None = None,
) -> FrameForecast:
    """Forecast every series of a long frame.

    Args:
        frame: series_id, period_start_date (any day of the period) or t (whole number), demand_units (units per
            period), and, where known, in_stock (truth or share of the period: demand under an empty shelf is hidden).
        freq: D, W or M.
        horizon: periods ahead.
        quantiles: levels strictly between 0 and 1.
        sum_horizon: also the distribution of the sum over the horizon.
        gaps_are_zero: a missing row says that nothing was asked for; else that nothing is known.
        settings: further settings; frequency and horizon are taken from the arguments.

    Raises:
        ValueError: a column is missing, the frame is empty, or a quantile lies outside (0, 1).
    """
    levels = [float(q) for q in quantiles]
    if not levels or any(not 0 < q < 1 for q in levels):
        raise ValueError("quantiles lie strictly between 0 and 1")
    base = settings or ForecastSettings()
    chosen = base.model_copy(update={"frequency": freq, "horizon": horizon})
    clean = screen(frame, freq)
    has_dates = "period_start_date" in frame.columns
    if not has_dates:
        chosen = chosen.model_copy(update={"calendars": ()})
    forecasts, totals, accuracies = [], [], []
    for members in _batches(clean, has_dates):
        panel, ends = _panel(clean, members, freq, gaps_are_zero, has_dates)
        result = forecast_panel(panel, chosen, quantiles=tuple(levels))
        ahead = result.forecasts
        numbers = np.repeat(ends, horizon) + ahead["horizon_periods"].to_numpy()
        ahead["period"] = to_dates(period_start_day(numbers, freq)) if has_dates else numbers
        columns = {f"q_{q:g}": ahead[f"q_{q:g}"].to_numpy() for q in levels}
        forecasts.append(
            pd.DataFrame(
                {"series_id": ahead["series_id"], "period": ahead["period"], "mean": ahead["mean_units"], **columns}
            )
        )
        accuracies.append(result.accuracy)
        if sum_horizon:
            table = to_units(at_levels(result.demand.grid[:, -1], np.array(levels)), result.demand.unit[:, None])
            total = {"series_id": panel.keys["series_id"], "periods": horizon, "mean": result.demand.mean[:, -1]}
            totals.append(pd.DataFrame({**total, **{f"q_{q:g}": table[:, j] for j, q in enumerate(levels)}}))
    refused = pd.DataFrame(
        [(name, no.row, no.column, no.value, no.reason) for name, no in sorted(clean.refused.items())],
        columns=["series_id", "row", "column", "value", "reason"],
    )
    notes = [(name, "; ".join(texts)) for name, texts in sorted(clean.notes.items())]
    empty = pd.DataFrame(columns=["series_id", "period", "mean", *[f"q_{q:g}" for q in levels]])
    out = _joined(forecasts, ["series_id", "period"], empty)
    sums = _joined(totals, ["series_id"], empty.drop(columns="period")) if sum_horizon else None
    accuracy = _joined(accuracies, ["series_id", "model"], pd.DataFrame(columns=["series_id", "model"]))
    return FrameForecast(out, sums, refused, pd.DataFrame(notes, columns=["series_id", "note"]), accuracy)


def _joined(parts: list[pd.DataFrame], order: list[str], empty: pd.DataFrame) -> pd.DataFrame:
    if not parts:
        return empty
    return pd.concat(parts, ignore_index=True).sort_values(order, kind="stable").reset_index(drop=True)


def _batches(clean: Screened, has_dates: bool) -> list[NDArray[np.int64]]:
    """Series that share a calendar to the newest period, and the others."""
    members = np.unique(clean.code)
    if len(members) == 0:
        return []
    if not has_dates:
        return [members]
    last = np.full(len(clean.names), np.iinfo(np.int64).min)
    np.maximum.at(last, clean.code, clean.period)
    newest = last[members].max()
    for k in members[last[members] < newest]:
        clean.note(int(k), f"ends {newest - last[k]} periods before the newest period: forecast from its own end")
    return [part for part in (members[last[members] == newest], members[last[members] < newest]) if len(part)]


def _panel(
    clean: Screened, members: NDArray[np.int64], freq: str, gaps_are_zero: bool, has_dates: bool
) -> tuple[Panel, NDArray[np.int64]]:
    """Panel of the series `members`, every series ending in the last column, and their last period numbers."""
    use = np.isin(clean.code, members)
    code = np.searchsorted(members, clean.code[use])
    period, units, cover = clean.period[use], clean.units[use], clean.in_stock[use]
    n = len(members)
    first, last = np.full(n, np.iinfo(np.int64).max), np.full(n, np.iinfo(np.int64).min)
    np.minimum.at(first, code, period)
    np.maximum.at(last, code, period)
    span = int((last - first).max()) + 1
    y, rate = np.zeros((n, span)), np.ones((n, span))
    present = np.zeros((n, span), dtype=bool)
    column = span - 1 - (last[code] - period)
    known = np.isfinite(units)
    y[code, column] = np.where(known, units, 0.0)
    rate[code, column] = cover
    present[code, column] = known
    start = span - 1 - (last - first)
    running = np.arange(span)[None, :] >= start[:, None]
    given = np.zeros((n, span), dtype=bool)
    given[code, column] = True
    for k in np.flatnonzero((running & ~given).any(axis=1)):
        gaps = int((running & ~given)[k].sum())
        clean.note(int(members[k]), f"{gaps} missing periods taken as {'zero demand' if gaps_are_zero else 'unknown'}")
    ok = present | (running & ~given) if gaps_are_zero else present
    for i in range(n):
        if ok[i].sum() == 1:
            clean.note(int(members[i]), "one observation: the spread is borrowed from the other series")
        elif not y[i].any():
            clean.note(int(members[i]), "all figures are zero")
    exact = ok & (rate >= 1.0)
    hidden = running & (~ok | (rate < 1.0))
    cover_share = np.where(ok, rate, 0.0)
    offsets = np.arange(n + 1) * span
    flat = impute_hidden_demand(offsets, y.ravel(), cover_share.ravel(), (hidden | ~running).ravel())
    y = np.where(running, flat.reshape(n, span), 0.0)
    keys = pd.DataFrame({"series_id": [clean.names[k] for k in members]})
    common = has_dates and len(np.unique(last)) == 1
    group = np.zeros(n, dtype=np.int64) if common else np.arange(n)
    return Panel(keys, y, ok & (rate >= 0.5), exact, start, group, int(last.max()) - span + 1, freq), last
