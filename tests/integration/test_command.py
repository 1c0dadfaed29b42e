"""The `stockturn` command: exit statuses and one clear sentence for each mistake."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from companies import Company, configure
from typer.testing import CliRunner

from assets.publish.releases import current_release
from demo.settings import DemoSettings
from demo.simulate import write_demo
from orchestration.cli import app

runner = CliRunner()
END = DemoSettings().end_date.isoformat()


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    write_demo(folder, seed=3, items=16, days=60, defects=False)
    return folder / "inbox"


@pytest.fixture
def company(inbox: Path, tmp_path: Path) -> Company:
    shutil.copytree(inbox, tmp_path / "inbox")
    return configure(tmp_path, "demo", tmp_path / "inbox")


def _call(company: Company, *arguments: str) -> tuple[int, str]:
    result = runner.invoke(app, [*arguments, "--config", str(company.folder / "company.yml")], catch_exceptions=False)
    return result.exit_code, result.output


def test_a_company_from_validate_to_status(company: Company) -> None:
    """Beside its good files one with another header: it is refused whole and named, and the run does not end as good. The same day
    again, from landing alone, gives the same marts."""
    assert _call(company, "validate")[0] == 0
    damaged = company.folder / "inbox" / "erp" / f"stock_movements_{END.replace('-', '')}_again.csv"
    assert not damaged.exists()
    damaged.write_text("甲,乙\n1,2\n", encoding="utf-8")
    status, text = _call(company, "run", "--as-of", END)
    assert "release:" in text and status == 1
    assert damaged.name in text.replace("\n", "")
    assert "rows in" in text
    assert END in _call(company, "status")[1]
    assert "current" in _call(company, "releases", "list")[1]
    assert _call(company, "incidents", "list")[0] == 0
    before = current_release(company.settings.workspace().releases)
    company.settings.workspace().warehouse.unlink()
    assert _call(company, "run", "--as-of", END)[0] == 1
    after = current_release(company.settings.workspace().releases)
    assert before and after and after.release_id != before.release_id
    assert (
        after.content_hash == before.content_hash and after.hashes() == before.hashes() and len(before.hashes()) >= 20
    )


@pytest.mark.parametrize(
    ("day", "message"),
    [("tomorrow", "not a date"), ("2999-01-01", "is in the future"), ("1999-01-01", "before schedule.first_date")],
)
def test_a_day_that_cannot_be(company: Company, day: str, message: str) -> None:
    status, text = _call(company, "run", "--as-of", day)
    assert status == 2 and message in text


def test_a_missing_configuration_is_one_sentence(tmp_path: Path) -> None:
    result = runner.invoke(app, ["run", "--config", str(tmp_path / "none.yml")])
    assert result.exit_code == 2 and "no such file" in result.output and "Traceback" not in result.output


def test_nothing_is_released_when_a_required_extract_is_missing(company: Company) -> None:
    for path in (company.folder / "inbox" / "erp").glob("stock_movements*"):
        path.unlink()
    status, text = _call(company, "run", "--as-of", END)
    assert status == 2 and "not released" in text
    assert not company.settings.workspace().releases.exists()


def test_forecast_of_any_file(tmp_path: Path) -> None:
    weeks = pd.date_range("2025-01-06", periods=60, freq="W-MON")
    frame = pd.DataFrame(
        {"series_id": "a", "period_start_date": weeks.strftime("%Y-%m-%d"), "demand_units": [5.0, 7.0] * 30}
    )
    frame.to_csv(tmp_path / "demand.csv", index=False)
    out = tmp_path / "out.csv"
    arguments = [
        "forecast",
        "--demand",
        str(tmp_path / "demand.csv"),
        "--freq",
        "W",
        "--horizon",
        "4",
        "--out",
        str(out),
    ]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out)
    first = ["series_id", "period", "mean", "q_0.5", "q_0.8", "q_0.9", "q_0.95", "q_0.99", "model"]
    assert list(table.columns)[:9] == first and table["model"].notna().all()
    assert len(table) == 4 and (table["q_0.99"] >= table["q_0.5"]).all()


def test_forecast_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    result = runner.invoke(app, ["forecast", "--demand", str(tmp_path / "no.csv"), "--out", str(tmp_path / "o.csv")])
    assert result.exit_code == 2 and "no such file" in result.output
