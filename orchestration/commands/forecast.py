"""`stockturn forecast`: the forecasting engine on any long frame."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer

from orchestration.commands.common import console, one_sentence, problems


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
        levels = [float(level) for level in quantiles.split(",")]
        result = forecast_frame(_read(demand), freq=freq, horizon=horizon, quantiles=levels, sum_horizon=sum_horizon)
        table = result.totals if sum_horizon and result.totals is not None else result.forecasts
        _write(table, out)
    for line in result.refused.itertuples():
        problems.print(f"refused {line.series_id}: {line.reason}", soft_wrap=True)
    console.print(
        f"{table['series_id'].nunique()} series forecast, {len(result.refused)} refused: {out}", soft_wrap=True
    )


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    frame = pd.read_csv(path, dtype={"series_id": str})
    if "period_start_date" in frame.columns:
        frame["period_start_date"] = pd.to_datetime(frame["period_start_date"])
    return frame


def _write(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)
