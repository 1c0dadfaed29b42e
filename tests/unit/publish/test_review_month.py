"""Which releases a month's review covers, the command that writes it, and the job that writes it by itself."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from assets.publish.releases import ReleaseError
from assets.publish.review.month import month_releases
from benchmarks.companies import configure_demo
from benchmarks.synthetic_release import write_release
from orchestration.cli import app
from orchestration.jobs import REVIEW_JOB, review_job
from orchestration.review_asset import REVIEW_KEY, build_review_asset, monthly_partitions
from orchestration.schedules import review_schedule
from orchestration.settings import Settings


def shelve(folder: Path, name: str, day: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "manifest.json").write_text(json.dumps({"as_of_date": day, "marts": []}), encoding="utf-8")


def test_the_last_day_of_the_month_is_compared_with_the_last_before_it(tmp_path: Path) -> None:
    """A rerun of an old day must not count as the month, and the month before may lack its last days."""
    days = {"r1": "2026-04-30", "r2": "2026-05-28", "r3": "2026-06-29", "r4": "2026-06-30", "r5": "2026-06-30"}
    for name, day in {**days, "r6": "2026-06-02", "r7": "2026-07-01"}.items():
        shelve(tmp_path, name, day)
    release, before = month_releases(tmp_path, date(2026, 6, 15))
    assert (release.release_id, before and before.release_id) == ("r5", "r2")
    assert month_releases(tmp_path, date(2026, 4, 1))[1] is None
    with pytest.raises(ReleaseError, match="no release covers 2026-03"):
        month_releases(tmp_path, date(2026, 3, 1))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Settings]:
    """A company of which there is nothing but a release; its configuration file and settings."""
    folder = tmp_path_factory.mktemp("reviewed")
    settings = configure_demo(folder)
    write_release(settings.workspace().releases, 60, 3)
    return folder / "demo.yml", settings


def test_the_command_writes_every_file(company: tuple[Path, Settings], tmp_path: Path) -> None:
    config, _ = company
    result = CliRunner().invoke(app, ["review", "--config", str(config), "--month", "2026-06", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert {path.name for path in tmp_path.iterdir()} == {
        "review-2026-06.html",
        "review-2026-06.pdf",
        "review-2026-06.xlsx",
    }
    for month, said in (("2026-05", "no release covers 2026-05"), ("June", "not a month")):
        refused = CliRunner().invoke(app, ["review", "--config", str(config), "--month", month])
        assert refused.exit_code == 2 and said in refused.output + refused.stderr


def test_the_job_writes_the_review_of_the_month_that_is_over(company: tuple[Path, Settings]) -> None:
    _, settings = company
    monthly = review_job(monthly_partitions(settings), REVIEW_KEY)
    definitions = dg.Definitions([build_review_asset(settings)], jobs=[monthly], resources={"settings": settings})
    schedule = review_schedule(settings, monthly)
    with dg.build_schedule_context(scheduled_execution_time=datetime(2026, 7, 2, 9)) as context:
        request = schedule(context)
    assert isinstance(request, dg.RunRequest) and request.partition_key == "2026-06-01"
    job = definitions.resolve_job_def(REVIEW_JOB)
    assert {node.name for node in job.nodes} == {"publish__review"}
    result = job.execute_in_process(partition_key=request.partition_key)
    assert result.success
    assert (settings.workspace().root / "reviews" / "review-2026-06.html").is_file()
