"""`stockturn forecast` on files as people send them: what is wrong is reported with file, row and column, the rest continues."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmarks.forecast_competitions import command_forecast, numbered_frame
from orchestration.cli import app

GOOD = "".join(f"good,{t},{3 + t % 4}\n" for t in range(12))


def run(folder: Path, text: str | bytes, *more: str, name: str = "demand.csv") -> tuple[int, str, Path]:
    source, out = folder / name, folder / "out.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = CliRunner().invoke(
        app, ["forecast", "--demand", str(source), "--horizon", "2", "--freq", "M", "--out", str(out), *more]
    )
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output.replace("\n", ""), out


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("bad,0,1\nbad,1,many\n", "row 15, column demand_units: series 'bad' refused: demand_units holds text that is"),
        ("bad,0,1\nbad,1,inf\n", "row 15, column demand_units: series 'bad' refused: demand_units is infinite ('inf')"),
        ("bad,0,1\nbad,1,4\nbad,1,5\n", "row 16, column t: series 'bad' refused: a period appears twice"),
        ("bad,0,1\nbad,1.5,4\n", "row 15, column t: series 'bad' refused: a period cannot be read ('1.5')"),
        (",1,4\n", "row 14, column series_id: series '' refused: series_id is missing ('')"),
        ("bad,0,\nbad,1,\n", "row 14, column demand_units: series 'bad' refused: no period has a figure"),
    ],
)
def test_a_bad_series_is_named_by_file_row_and_column_and_the_others_go_on(
    tmp_path: Path, rows: str, said: str
) -> None:
    status, text, out = run(tmp_path, "series_id,t,demand_units\n" + GOOD + rows)
    assert status == 1
    assert f"demand.csv, {said}" in text and "1 series forecast, 1 refused" in text
    assert pd.read_csv(out)["series_id"].tolist() == ["good", "good"]


def test_a_bad_date_spoils_its_own_series_only(tmp_path: Path) -> None:
    dates = pd.date_range("2025-01-01", periods=12, freq="MS").strftime("%Y-%m-%d")
    good = "".join(f"good,{day},4\n" for day in dates)
    status, text, out = run(
        tmp_path, f"series_id,period_start_date,demand_units\n{good}bad,2025-01-01,1\nbad,2025-99-01,1\n"
    )
    assert status == 1 and "row 15, column period_start_date" in text and "'2025-99-01'" in text
    assert pd.read_csv(out)["period"].tolist() == ["2026-01-01", "2026-02-01"]


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (
            "series_id,week,demand_units\na,1,3\n",
            "demand.csv",
            "no column period_start_date or t; the columns are series_id, week, demand_units; name them with",
        ),
        ("series_id,t\na,1\n", "demand.csv", "no column demand_units"),
        ("series_id,t,demand_units\n", "demand.csv", "no rows"),
        ("", "demand.csv", "cannot be read as .csv"),
        (b"\xff\xfe\x00\x81", "demand.csv", "cannot be read as .csv"),
        ("series_id,t,demand_units\na,1,3,9,9\n", "demand.csv", "more fields than the header"),
        ("abc", "demand.parquet", "cannot be read as .parquet"),
        ("series_id,t,demand_units\na,1,many\n", "demand.csv", "0 series forecast, 1 refused"),
    ],
)
def test_a_file_that_gives_no_forecast_is_named_and_ends_with_status_2(
    tmp_path: Path, text: str | bytes, name: str, said: str
) -> None:
    status, output, _ = run(tmp_path, text, name=name)
    assert status == 2 and said in output and name in output


@pytest.mark.parametrize("levels", ["0.5,abc", "0.5,1.0", "0", ""])
def test_levels_that_are_none_are_refused(tmp_path: Path, levels: str) -> None:
    status, output, _ = run(tmp_path, "series_id,t,demand_units\n" + GOOD, "--quantiles", levels)
    assert status == 2 and "levels between 0 and 1" in output


def test_the_total_over_the_horizon_is_one_row_a_series(tmp_path: Path) -> None:
    status, _, out = run(tmp_path, "series_id,t,demand_units\n" + GOOD, "--sum", "--quantiles", "0.5,0.95")
    table = pd.read_csv(out)
    assert status == 0 and list(table.columns)[:5] == ["series_id", "periods", "mean", "q_0.5", "q_0.95"]
    assert len(table) == 1 and table["periods"].item() == 2 and table["mean"].item() == pytest.approx(9, abs=3)


def test_a_file_of_another_office_is_read_and_said(tmp_path: Path) -> None:
    """GB18030, semicolons, decimal commas and Chinese headers are what a spreadsheet of a Chinese company writes."""
    text = "物料;月;数量\n" + "".join(f"螺丝;{t};{3 + t % 4},5\n" for t in range(12))
    names = "series_id=物料,t=月,demand_units=数量"
    status, output, out = run(tmp_path, text.encode("gb18030"), "--columns", names)
    assert status == 0 and "read as GB18030" in output and "separated by ';', decimal comma" in output
    table = pd.read_csv(out)
    assert table["series_id"].tolist() == ["螺丝"] * 2 and table["mean"].between(3.5, 6.5).all()
    status, output, _ = run(tmp_path, text.encode("gb18030"))
    assert status == 2 and "the columns are 物料, 月, 数量; name them with --columns" in output
    status, output, _ = run(tmp_path, text, "--columns", "series_id=SKU")
    assert status == 2 and "--columns names SKU, but the columns are 物料, 月, 数量" in output


def test_model_reason_accuracy_and_notes_stand_beside_the_forecast(tmp_path: Path) -> None:
    status, output, out = run(
        tmp_path, "series_id,t,demand_units\n" + GOOD + "bad,3,-1\nbad,9,4\n", "--gaps", "missing"
    )
    table = pd.read_csv(out).set_index("series_id")
    assert status == 0 and "1 with a note" in output
    assert (
        "1 negative figures taken as zero demand; 5 missing periods taken as unknown"
        in table.loc["bad", "note"].iloc[0]
    )
    assert {"model", "reason", "wape", "bias", "mase"} <= set(table.columns) and table["model"].notna().all()


def test_the_benchmark_reports_what_the_command_writes_to_the_digit(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    week = np.arange(150)
    series = [200 + 40 * np.sin(2 * np.pi * (week + k) / 52) + rng.normal(0, 5, 150) for k in range(4)]
    text = numbered_frame(series).to_csv(index=False)
    options = ("--freq", "W", "--horizon", "4", "--season", "52", "--quantiles", "0.5")
    status, _, out = run(tmp_path, text, *options)
    table, ours = pd.read_csv(out, float_precision="round_trip"), command_forecast(series, 4, 52)
    assert status == 0 and "batch_nb" in set(ours.accuracy["model"])
    for column in ("mean", "q_0.5"):
        np.testing.assert_array_equal(table[column].to_numpy(), ours.forecasts[column].to_numpy())


def test_regressors_are_columns_of_the_file_and_rows_without_demand_are_the_future(tmp_path: Path) -> None:
    months = pd.date_range("2021-01-01", periods=50, freq="MS").strftime("%Y-%m-%d")
    rows = "".join(
        f"{name},{day},{(3 + k % 5 if k < 48 else '')},{k % 7}\n" for name in "ab" for k, day in enumerate(months)
    )
    header = "series_id,period_start_date,demand_units,heat\n"
    effects = tmp_path / "effects.csv"
    status, output, out = run(tmp_path, header + rows, "--regressors", "heat", "--effects-out", str(effects))
    assert status == 0 and "heat: not used" in output
    assert len(pd.read_csv(out)) == 4
    [heat] = pd.read_csv(effects).query("feature == 'heat'").to_dict("records")
    assert (heat["learned_from"], heat["kept_rate"]) == ("not_used", 0.0)
    status, output, _ = run(tmp_path, header + rows, "--regressors", "cold")
    assert status == 2 and "no column cold" in output
