"""An older version of the product leaves a company's folder; the present version continues in it, and nothing is lost.

The older version is the last that ran the models by itself and kept Dagster's events in its own storage. It is taken from the
history of the repository and runs in processes of its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from companies import ROOT, Company
from typer.testing import CliRunner

from assets.publish.releases import current_id, list_releases
from demo.settings import DemoSettings
from expectations.after_run import open_store
from expectations.incidents import schema
from expectations.rules.book import RuleBookError
from orchestration.cli import app
from orchestration.rule_book import load_company_rules
from orchestration.run import open_instance
from orchestration.settings import Settings, load_settings

pytestmark = pytest.mark.slow  # two whole runs, one of them of the older version with its own preparation
OLD = "bc6a418d12ff"
DAY: date = DemoSettings().end_date
CONFIG = Path("config") / "demo.yml"


@dataclass(frozen=True)
class OldState:
    """What the older version left, as it was before the present one opened it."""

    folder: Path
    releases: tuple[str, ...]
    incidents: dict[int, dict[str, Any]]
    files: dict[str, str]
    """SHA-256 of each file of landing, of the forecasts as published and of the releases."""


def _digests(settings: Settings) -> dict[str, str]:
    workspace = settings.workspace()
    folders = (workspace.root / "landing", workspace.forecast_vintages, workspace.releases)
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(workspace.root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _incidents(settings: Settings) -> dict[int, dict[str, Any]]:
    with (
        closing(open_store(settings.workspace().incident_store, load_company_rules(settings))) as store,
        store.reading() as connection,
    ):
        return {row["incident_no"]: dict(row) for row in connection.execute(sa.select(schema.incidents)).mappings()}


def _old_incidents(database: Path) -> dict[int, dict[str, Any]]:
    """As the older version stored them: the present one would bring the store to its own version."""
    engine = sa.create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select * from incidents")).mappings().all()
    engine.dispose()
    return {row["incident_no"]: dict(row) for row in rows}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> OldState:
    if subprocess.run(["git", "-C", str(ROOT), "cat-file", "-e", f"{OLD}^{{commit}}"], check=False).returncode:
        pytest.skip(f"the older version {OLD} is not in this clone; `git fetch --unshallow` brings it")
    product, folder = tmp_path_factory.mktemp("older"), tmp_path_factory.mktemp("company")
    subprocess.run(["git", "-C", str(ROOT), "archive", "--output", str(product / "it.tar"), OLD], check=True)
    with tarfile.open(product / "it.tar") as archive:
        archive.extractall(product, filter="data")

    def run(module: str, *arguments: str, good: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(product), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode in good, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    shutil.copytree(product / "config", folder / "config")
    run("demo", "--out", "var/demo", "--items", "16", "--days", "60", "--seed", "3")
    settings = load_settings(folder / CONFIG)
    run("orchestration.cli", "run", "--config", str(CONFIG), "--as-of", DAY.isoformat(), good=(0, 1))
    incidents = _old_incidents(settings.workspace().incident_store)
    assert incidents, "the demo's defects have incidents"
    first = str(min(incidents))
    run("orchestration.cli", "incidents", "ack", first, "--config", str(CONFIG), "--user", "anna")
    run(
        "orchestration.cli",
        "incidents",
        "comment",
        first,
        "asked the warehouse",
        "--config",
        str(CONFIG),
        "--user",
        "anna",
    )
    releases = tuple(sorted(path.name for path in settings.workspace().releases.glob("*asof*")))
    kept = _old_incidents(settings.workspace().incident_store)
    return OldState(folder, releases, kept, _digests(settings))


@pytest.fixture(scope="module")
def upgraded(old: OldState) -> Company:
    """The company after the first run of the present version in the folder of the older one.

    Its rule book sends business signals at once, which the present version refuses by line and rule (CHANGELOG.md).
    """
    company = Company(old.folder, load_settings(old.folder / CONFIG))
    with pytest.raises(
        RuleBookError, match=r"line 47: rule a_item_near_safety_stock[\s\S]*line 132: rule source_is_silent"
    ):
        load_company_rules(company.settings)
    book = old.folder / "config" / "rules.yml"
    book.write_text(book.read_text(encoding="utf-8").replace("    notice: at_once\n", ""), encoding="utf-8")
    company.run(DAY)
    assert company.release.as_of == DAY
    return company


def test_what_cannot_be_derived_is_as_it_was(old: OldState, upgraded: Company) -> None:
    now = _digests(upgraded.settings)
    assert old.files.keys() <= now.keys()
    changed = {name for name, digest in old.files.items() if now[name] != digest and not name.endswith("current")}
    assert {
        name for name in changed if f"as_of={DAY}" not in name
    } == set()  # a second run of a day publishes its own forecasts
    assert {part.split("/")[0] for part in old.files} == {"landing", "forecast_vintages", "releases"}


def test_no_incident_is_lost_or_opened_twice(old: OldState, upgraded: Company) -> None:
    now = _incidents(upgraded.settings)
    kept = ("cause_key", "rule_id", "opened_as_of_date", "acknowledged_by")
    for number, before in old.incidents.items():
        assert {key: str(now[number][key]) for key in kept} == {key: str(before[key]) for key in kept}, number
    open_causes = [row["cause_key"] for row in now.values() if row["state"] != "closed"]
    assert len(open_causes) == len(set(open_causes))
    assert any(row["acknowledged_by"] == "anna" for row in now.values())


def test_earlier_releases_are_read_and_one_comes_back(old: OldState, upgraded: Company) -> None:
    releases = upgraded.settings.workspace().releases
    assert [release.release_id for release in list_releases(releases)] == [*old.releases, upgraded.release.release_id]
    config = str(old.folder / CONFIG)
    for release_id in (old.releases[0], upgraded.release.release_id):
        done = CliRunner().invoke(app, ["releases", "rollback", release_id, "--config", config])
        assert done.exit_code == 0, done.output
        assert current_id(releases) == release_id


def test_dagsters_history_goes_on(old: OldState, upgraded: Company) -> None:
    with open_instance(upgraded.settings.workspace()) as instance:
        days = [run.tags["dagster/partition"] for run in instance.get_runs()]
    assert days == [DAY.isoformat(), DAY.isoformat()]
