"""Forecasts of any long frame: what `stockturn forecast` calls. A frame in, frames out; nothing is read or written.

Series may differ in length and end. Each is forecast from its own last period; the ones that end with the newest
period of the frame are one panel with a common calendar, the others are laid end to end with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.censoring import impute_hidden_demand
from assets.planning.demand.periods import period_start_day, to_dates
from assets.planning.demand.promotions import promotion_intensity
from assets.planning.demand.settings import Frequency
from assets.planning.forecasting.effect_table import no_effects
from assets.planning.forecasting.engine import forecast_panel
from assets.planning.forecasting.grids import at_levels, to_units
from assets.planning.forecasting.hierarchy import node_forecasts
from assets.planning.forecasting.panel import Panel
from assets.planning.forecasting.regressor_columns import regressor_remarks, split_ahead
from assets.planning.forecasting.row_dates import aggregated, days_of, finer_rows
from assets.planning.forecasting.screening import Screened, screen
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.sentences import in_words


@dataclass(frozen=True)
class FrameForecast:
    """Results of `forecast_frame`.

    forecasts: series_id, period, mean, q_<level>..., then model, reason, wape, bias, mase, scaled_pinball (of the chosen
    model at the rolling origins) and note; one row per series and period ahead. totals: series_id, periods, mean,
    q_<level>... of the sum over the horizon and the same columns, None unless asked for. refused: series_id, reason, and
    the first row (position in the frame), column and value that show it. notes: series_id, note. remarks: sentences
    about the whole frame. nodes: level, node, series (how many), period, mean, q_<level>..., None without a hierarchy.
    accuracy: one row per series and model. effects: what promotions, calendar and regressors do (`effect_table`).
    """

    forecasts: pd.DataFrame
    totals: pd.DataFrame | None
    refused: pd.DataFrame
    notes: pd.DataFrame
    accuracy: pd.DataFrame
    remarks: tuple[str, ...] = ()
    nodes: pd.DataFrame | None = None
    effects: pd.DataFrame = field(default_factory=no_effects)


def forecast_frame(
    frame: pd.DataFrame,
    *,
    freq: Frequency,
    horizon: int,
    quantiles: Sequence[float] = (0.5, 0.8, 0.9, 0.95, 0.99),
    sum_horizon: bool = False,
    gaps_are_zero: bool | None = None,
    aggregate: bool = False,
    family: str | None = None,
    hierarchy: Sequence[str] = (),
    promotions: pd.DataFrame | None = None,
    regressors: Sequence[str] = (),
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
        gaps_are_zero: a missing row says that nothing was asked for; else that nothing is known. None: zero, unless
            the frame writes zeros itself (`_WRITTEN_ZEROS`), so that what it leaves out it does not know.
        aggregate: add rows of days up to the period of `freq`; without it such rows are an error.
        family: column that names the family of a series, from which its season and its beginnings are borrowed; all
            series that end together are one family without it.
        hierarchy: columns that name the levels above a series (warehouse, category); their nodes and the total are
            forecast as well, coherent with the series that end with the frame's newest period.
        promotions: series_id, start_date, end_date and, where known, uplift_expected_rate (0.5 is +50 %) of past and
            planned promotions.
        regressors: columns with numbers that are known ahead (price, temperature); rows without demand after the last one
            with demand say what they will be. Used where they brought demand nearer at earlier cuts.
        settings: further settings; frequency and horizon are taken from the arguments. No calendar without settings.

    Raises:
        ValueError: a column is missing, the frame is empty, its rows are finer than `freq`, or a quantile lies outside
            (0, 1).
    """
    levels = [float(q) for q in quantiles]
    if not levels or any(not 0 < q < 1 for q in levels):
        raise ValueError("quantiles lie strictly between 0 and 1")
    base = settings or ForecastSettings(calendars=())
    chosen = base.model_copy(update={"frequency": freq, "horizon": horizon})
    for name in (*([family] if family else []), *hierarchy):
        if name not in frame.columns:
            raise ValueError(f"no column {name}; the columns are {', '.join(map(str, frame.columns))}")
    known = split_ahead(frame, regressors) if regressors else None
    frame, remarks = _at_frequency(frame if known is None else known.past, freq, aggregate)
    clean = screen(frame, freq)
    has_dates = "period_start_date" in frame.columns
    families = _families(clean, frame, family)
    planned = _promotions(promotions, has_dates)
    if gaps_are_zero is None:
        gaps_are_zero, said = _meaning_of_gaps(clean)
        remarks += said
    if not has_dates:
        chosen = chosen.model_copy(update={"calendars": ()})
    forecasts, totals, accuracies, effects, nodes = [], [], [], [no_effects()], None
    for members in _batches(clean, has_dates, 0 if hierarchy else _PANEL_CELLS):
        panel, ends = _panel(clean, members, freq, gaps_are_zero, has_dates, families)
        is_current = bool(len(np.unique(ends)) == 1)
        if planned is not None and is_current:
            keys = panel.keys.assign(item_id=panel.keys["series_id"], warehouse_id="")
            wide = panel.size[1] + horizon
            intensity = promotion_intensity(planned, keys, panel.first_period, wide, freq)
            panel = replace(panel, promotion=intensity)
        if known is not None and is_current:
            values = known.array(panel.keys["series_id"].tolist(), panel.first_period, panel.size[1], horizon, freq)
            panel = replace(panel, regressors=values, regressor_names=tuple(regressors))
        elif known is not None:
            remarks += (f"{len(members)} series that end before the newest period are forecast without regressors",)
        result = forecast_panel(panel, chosen, quantiles=tuple(levels))
        effects.append(result.effects)
        if hierarchy and is_current and nodes is None:
            names = {level: _named(clean, frame, level)[members] for level in hierarchy}
            nodes = node_forecasts(panel, result, names, chosen, quantiles=tuple(levels))
            nodes["period"] = np.tile(_period_names(int(ends[0]), horizon, freq, has_dates), len(nodes) // horizon)
            kept = ["level", "node", "series", "period", "mean_units", *[f"q_{q:g}" for q in levels]]
            nodes = nodes[kept].rename(columns={"mean_units": "mean"})
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
    noted = pd.DataFrame(notes, columns=["series_id", "note"])
    accuracy = _joined(accuracies, ["series_id", "model"], pd.DataFrame(columns=["series_id", *_BESIDE, "is_chosen"]))
    out = _explained(_joined(forecasts, ["series_id", "period"], empty), accuracy, noted)
    sums = None
    if sum_horizon:
        sums = _explained(_joined(totals, ["series_id"], empty.drop(columns="period")), accuracy, noted)
    if known is not None:
        refused["row"] = known.rows_of_frame(refused["row"]) if not aggregate else refused["row"]
        remarks += regressor_remarks(effects, regressors)
    every = pd.concat(effects, ignore_index=True)
    return FrameForecast(out, sums, refused, noted, accuracy, remarks, nodes, every)


def _period_names(last: int, horizon: int, freq: str, has_dates: bool) -> NDArray:
    """The `horizon` periods after the period `last`: first days, or numbers."""
    numbers = last + 1 + np.arange(horizon)
    return to_dates(period_start_day(numbers, freq)) if has_dates else numbers


def _promotions(promotions: pd.DataFrame | None, has_dates: bool) -> pd.DataFrame | None:
    """Promotions in the columns of `promotion_intensity`; raises ValueError where a column or a date is missing."""
    if promotions is None:
        return None
    if not has_dates:
        raise ValueError("promotions need period_start_date in the demand: numbered periods have no days")
    missing = [name for name in ("series_id", "start_date", "end_date") if name not in promotions.columns]
    if missing:
        raise ValueError(
            f"promotions: no column {', '.join(missing)}; the columns are {', '.join(map(str, promotions.columns))}"
        )
    out = promotions.assign(item_id=promotions["series_id"].astype("string").str.strip(), warehouse_id=None)
    for name in ("start_date", "end_date"):
        days, good = days_of(out[name])
        if not good.all():
            row = int(np.flatnonzero(~good)[0])
            raise ValueError(f"promotions: row {row + 2}, column {name}: {promotions[name].iloc[row]!r} is no date")
        out[name] = to_dates(days)
    said = out["uplift_expected_rate"] if "uplift_expected_rate" in out else pd.Series(np.nan, index=out.index)
    return out.assign(uplift_expected_rate=pd.to_numeric(said, errors="coerce"))


def _named(clean: Screened, frame: pd.DataFrame, column: str) -> NDArray[np.object_]:
    """Value of a column for each series of `clean.names`: that of its first row, empty where it has none."""
    named = frame[[column]].astype("string").fillna("").assign(series=frame["series_id"].astype("string").str.strip())
    first = named.drop_duplicates("series").set_index("series")[column]
    return first.reindex(clean.names).fillna("").to_numpy(dtype=object)


#: What is known of the chosen model, beside its forecast.
_BESIDE = ["model", "reason", "wape", "bias", "mase", "scaled_pinball"]


def _explained(table: pd.DataFrame, accuracy: pd.DataFrame, notes: pd.DataFrame) -> pd.DataFrame:
    """The table with model, reason and accuracy of each series, and what was changed in its data."""
    chosen = accuracy.loc[accuracy["is_chosen"].astype(bool), ["series_id", *_BESIDE]]
    chosen = chosen.assign(reason=[in_words(reason, "en") for reason in chosen["reason"]])
    out = table.merge(chosen, on="series_id", how="left").merge(notes, on="series_id", how="left")
    return out.fillna({"note": ""})


def _at_frequency(frame: pd.DataFrame, freq: Frequency, aggregate: bool) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The frame with rows of periods; raises ValueError where its rows are finer and were not to be added up."""
    if not {"series_id", "period_start_date", "demand_units"} <= set(frame.columns) or frame.empty:
        return frame, ()
    finer = finer_rows(frame, freq)
    if not finer:
        return frame, ()
    if not aggregate:
        other = {"daily": "D", "weekly": "W"}[finer]
        raise ValueError(
            f"the rows are {finer}, not of frequency {freq}: add them up with --aggregate, or use --freq {other}"
        )
    return aggregated(frame, freq), (
        f"{finer} rows added up to frequency {freq}; a last period that is not complete is left out",
    )


#: Share of rows that are zeros from which on a file is taken to write zeros where it means them. USAID's site reports
#: have 49 %; sales by day and item, which leave quiet days out, have none but slips (set 2026-11-30).
_WRITTEN_ZEROS = 0.02


def _meaning_of_gaps(clean: Screened) -> tuple[bool, tuple[str, ...]]:
    """Whether missing periods are zero demand, and the sentence that says so where they are not."""
    zeros = float((clean.units == 0).mean()) if len(clean.units) else 0.0
    if zeros < _WRITTEN_ZEROS:
        return True, ()
    said = f"{zeros:.0%} of the rows are zeros, so missing periods are taken as unknown (--gaps zero: as no demand)"
    return False, (said,) if _has_gaps(clean) else ()


def _has_gaps(clean: Screened) -> bool:
    same = clean.code[1:] == clean.code[:-1]
    return bool((same & (np.diff(clean.period) > 1)).any())


def _families(clean: Screened, frame: pd.DataFrame, family: str | None) -> NDArray[np.int64] | None:
    """Code of the family of each series of `clean.names`, None without a column that names it."""
    if family is None:
        return None
    return pd.factorize(_named(clean, frame, family), sort=True)[0].astype(np.int64)


def _joined(parts: list[pd.DataFrame], order: list[str], empty: pd.DataFrame) -> pd.DataFrame:
    if not parts:
        return empty
    return pd.concat(parts, ignore_index=True).sort_values(order, kind="stable").reset_index(drop=True)


#: Series x periods of one panel: what the engine holds at once, about 200 bytes a cell at its peak (measured 2026-11-30
#: on 500 and 2,000 series of 1,941 days). The public weekly and monthly sets are below it, so they are one panel.
_PANEL_CELLS = 8_000_000


def _batches(clean: Screened, has_dates: bool, cells: int) -> list[NDArray[np.int64]]:
    """Series that share a calendar to the newest period, and the others; each in parts of at most `cells`, 0: in one.

    A part takes every k-th series, so that each is a fair sample of the whole that it learns seasons and classes from.
    """
    if not cells or not len(clean.code):
        return _calendars(clean, has_dates)
    out = []
    for members in _calendars(clean, has_dates):
        use = np.isin(clean.code, members)
        span = int(clean.period[use].max() - clean.period[use].min()) + 1
        parts = -(-len(members) * span // cells)
        out += [members[part::parts] for part in range(parts)]
    return out


def _calendars(clean: Screened, has_dates: bool) -> list[NDArray[np.int64]]:
    members = np.unique(clean.code).astype(np.int64)
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
    clean: Screened,
    members: NDArray[np.int64],
    freq: str,
    gaps_are_zero: bool,
    has_dates: bool,
    families: NDArray[np.int64] | None,
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
    if families is not None:
        group = np.unique(families[members], return_inverse=True)[1].astype(np.int64)
    return Panel(keys, y, ok & (rate >= 0.5), exact, start, group, int(last.max()) - span + 1, freq), last
