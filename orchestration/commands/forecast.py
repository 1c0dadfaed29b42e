"""`stockturn forecast`: the forecasting engine on any long frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from orchestration.commands.common import REFUSED, console, one_sentence, problems

if TYPE_CHECKING:
    import pandas as pd  # half a second, which the other commands need not pay

    from assets.planning.forecasting.frame import FrameForecast
    from orchestration.commands.demand_file import DemandFile

#: Some series were refused, the others are forecast.
_INCOMPLETE = 1
_OURS = ("series_id", "period_start_date", "t", "demand_units", "in_stock")


def forecast(
    demand: Annotated[Path, typer.Option(help="CSV or Parquet: series_id, period_start_date or t, demand_units.")],
    out: Annotated[Path, typer.Option(help="CSV or Parquet to write.")],
    freq: Annotated[Literal["D", "W", "M"], typer.Option(help="Period of the series.")] = "W",
    horizon: Annotated[int, typer.Option(min=1, help="Periods ahead.")] = 13,
    quantiles: Annotated[
        str, typer.Option(help="Levels between 0 and 1, separated by commas.")
    ] = "0.5,0.8,0.9,0.95,0.99",
    sum_horizon: Annotated[bool, typer.Option("--sum", help="The total over the horizon instead.")] = False,
    columns: Annotated[
        str, typer.Option(help="The file's names for our columns: series_id=SKU,demand_units=Qty,...")
    ] = "",
    aggregate: Annotated[bool, typer.Option(help="Add finer rows (days) up to the period.")] = False,
    gaps: Annotated[
        Literal["auto", "zero", "missing"],
        typer.Option(help="What a missing period says; auto: zero demand, unless the file writes zeros itself."),
    ] = "auto",
    effort: Annotated[
        Literal["fast", "standard"], typer.Option(help="standard: more families of models, minutes instead of seconds.")
    ] = "standard",
    calendar: Annotated[
        Literal["none", "chinese", "western"], typer.Option(help="Holidays that may move demand.")
    ] = "none",
    family: Annotated[
        str, typer.Option(help="Column that names the family a series borrows its season and beginning from.")
    ] = "",
    season: Annotated[int, typer.Option(min=0, help="Periods of a season; 0: by the period, 1: none.")] = 0,
    promotions: Annotated[
        Path | None, typer.Option(help="CSV of series_id, start_date, end_date, uplift_expected_rate (0.5: +50 %).")
    ] = None,
    regressors: Annotated[
        str,
        typer.Option(
            help="Columns of numbers known ahead: price,temperature; rows without demand hold the periods ahead."
        ),
    ] = "",
    effects_out: Annotated[
        Path | None, typer.Option(help="CSV or Parquet for what promotions, calendar and regressors do to demand.")
    ] = None,
    hierarchy: Annotated[
        str, typer.Option(help="Columns that name the levels above a series: warehouse,category. Needs --nodes-out.")
    ] = "",
    nodes_out: Annotated[
        Path | None, typer.Option(help="CSV or Parquet for the total and the nodes of the levels.")
    ] = None,
) -> None:
    """Forecast quantiles for every series of a file; refused series are named with their reason.

    Ends 0 good, 1 when series were refused (the others are forecast), 2 when nothing was.
    """
    from assets.planning.forecasting.frame import forecast_frame  # the forecasting libraries import slowly
    from assets.planning.forecasting.settings import ForecastSettings
    from orchestration.commands.demand_file import read_demand_file

    with one_sentence(ValueError, OSError):
        levels, named = _levels(quantiles), _columns(columns)
        above = [name.strip() for name in hierarchy.split(",") if name.strip()]
        if bool(above) != (nodes_out is not None):
            raise ValueError("--hierarchy and --nodes-out go together: the levels, and the file for their nodes")
        planned = read_demand_file(promotions, {}).frame if promotions else None
        settings = ForecastSettings(
            effort=effort, calendars=() if calendar == "none" else (calendar,), season_periods=season or None
        )
        source = read_demand_file(demand, named)
        try:
            result = forecast_frame(
                source.frame,
                freq=freq,
                horizon=horizon,
                quantiles=levels,
                sum_horizon=sum_horizon,
                gaps_are_zero={"auto": None, "zero": True, "missing": False}[gaps],
                aggregate=aggregate,
                family=family or None,
                hierarchy=above,
                promotions=planned,
                regressors=[name.strip() for name in regressors.split(",") if name.strip()],
                settings=settings,
            )
        except ValueError as error:
            advice = "; name them with --columns series_id=...,period_start_date=...,demand_units=..." if (
                str(error).startswith("no column") and not named
            ) else ""  # fmt: skip
            raise ValueError(f"{demand}: {error}{advice}") from error
        table = result.totals if sum_horizon and result.totals is not None else result.forecasts
        _write(table, out)
        if effects_out is not None:
            _write(result.effects, effects_out)
        if nodes_out is not None:
            if result.nodes is None:
                raise ValueError(f"{demand}: no hierarchy: no two series end with the same period")
            _write(result.nodes, nodes_out)
    _report(demand, source, result, table["series_id"].nunique(), out)


def _report(demand: Path, source: DemandFile, result: FrameForecast, done: int, out: Path) -> None:
    """What was read otherwise than expected, who was refused, and the exit status that says so."""
    for remark in (*source.remarks, *result.remarks):
        problems.print(escape(f"{demand.name}: {remark}"), soft_wrap=True)
    first = 1 if demand.suffix == ".parquet" else 2  # the row that people see: a CSV has its header above
    for name, row, column, value, reason in result.refused.itertuples(index=False):
        where = f"{demand.name}, row {row + first}, column {column}"
        problems.print(escape(f"{where}: series {name!r} refused: {reason} ({value!r})"), soft_wrap=True)
    noted = f", {len(result.notes)} with a note" if len(result.notes) else ""
    console.print(f"{done} series forecast{noted}, {len(result.refused)} refused: {out}", soft_wrap=True)
    if not done or len(result.refused):
        raise typer.Exit(_INCOMPLETE if done else REFUSED)


def _levels(text: str) -> list[float]:
    try:
        levels = [float(level) for level in text.split(",")]
    except ValueError:
        levels = []
    if not levels or not all(0 < level < 1 for level in levels):
        raise ValueError(f"--quantiles {text!r}: write levels between 0 and 1, separated by commas")
    return levels


def _columns(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part]
    if any(ours not in _OURS or not theirs for ours, _, theirs in pairs):
        raise ValueError(f"--columns {text!r}: write NAME=COLUMN, separated by commas; names are {', '.join(_OURS)}")
    return {ours: theirs for ours, _, theirs in pairs}


def _write(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)
