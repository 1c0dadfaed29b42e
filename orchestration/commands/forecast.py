"""`stockturn forecast`: the forecasting engine on any long frame."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from orchestration.commands.common import REFUSED, console, one_sentence, problems

if TYPE_CHECKING:
    import pandas as pd  # half a second, which the other commands need not pay


def forecast(
    demand: Annotated[Path, typer.Option(help="CSV or Parquet: series_id, period_start_date or t, demand_units.")],
    out: Annotated[Path, typer.Option(help="CSV or Parquet to write.")],
    freq: Annotated[Literal["D", "W", "M"], typer.Option(help="Period of the series.")] = "W",
    horizon: Annotated[int, typer.Option(min=1, help="Periods ahead.")] = 13,
    quantiles: Annotated[
        str, typer.Option(help="Levels between 0 and 1, separated by commas.")
    ] = "0.5,0.8,0.9,0.95,0.99",
    sum_horizon: Annotated[bool, typer.Option("--sum", help="The total over the horizon instead.")] = False,
) -> None:
    """Forecast quantiles for every series of a file; refused series are named with their reason."""
    from assets.planning.forecasting.frame import forecast_frame  # the forecasting libraries import slowly

    with one_sentence(ValueError, OSError):
        levels, frame = _levels(quantiles), _read(demand)
        try:
            result = forecast_frame(frame, freq=freq, horizon=horizon, quantiles=levels, sum_horizon=sum_horizon)
        except ValueError as error:
            raise ValueError(f"{demand}: {error}") from error
        table = result.totals if sum_horizon and result.totals is not None else result.forecasts
        _write(table, out)
    first = 1 if demand.suffix == ".parquet" else 2  # the row that people see: a CSV has its header above
    for name, row, column, value, reason in result.refused.itertuples(index=False):
        where = f"{demand.name}, row {row + first}, column {column}"
        problems.print(escape(f"{where}: series {name!r} refused: {reason} ({value!r})"), soft_wrap=True)
    done = table["series_id"].nunique()
    console.print(f"{done} series forecast, {len(result.refused)} refused: {out}", soft_wrap=True)
    if not done:
        raise typer.Exit(REFUSED)


def _levels(text: str) -> list[float]:
    try:
        levels = [float(level) for level in text.split(",")]
    except ValueError:
        levels = []
    if not levels or not all(0 < level < 1 for level in levels):
        raise ValueError(f"--quantiles {text!r}: write levels between 0 and 1, separated by commas")
    return levels


def _read(path: Path) -> pd.DataFrame:
    """The file as it stands; figures and dates are judged series by series later, so that one bad row spoils one."""
    import pandas as pd

    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, dtype={"series_id": str, "period_start_date": str}, index_col=False)
    except pd.errors.ParserWarning as error:
        raise ValueError(f"{path}: rows have more fields than the header has columns") from error
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: cannot be read as {path.suffix or 'CSV'}: {str(error).strip()}") from error


def _write(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)
