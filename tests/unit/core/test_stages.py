"""A stage builds only on stages of its own day; a release is made of one whole run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assets.stages import READS, StageError, above, below, require_whole_run
from assets.workspace import Workspace, WorkspaceBusyError

DAY, NEXT = date(2026, 6, 15), date(2026, 7, 3)


def run_all(workspace: Workspace, day: date, run_id: str, until: str = "dbt_marts") -> None:
    for name in READS:
        with workspace.stage(name, day, run_id):
            pass
        if name == until:
            return


def release(workspace: Workspace, day: date, run_id: str) -> None:
    with workspace.connect() as connection:
        require_whole_run(connection, day, run_id)


def test_every_stage_has_a_place() -> None:
    assert above("ledger") == ("control", "landing", "contract_checks", "dbt_foundation")
    assert below("planning") == ("dbt_marts",)
    assert set(above("dbt_marts")) == set(READS) - {"dbt_marts"}


def test_a_whole_run_may_publish_its_day_and_nothing_else(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    run_all(workspace, NEXT, "b")
    release(workspace, NEXT, "b")
    with pytest.raises(StageError, match="a release of 2026-06-15: the warehouse holds control of 2026-07-03"):
        release(workspace, DAY, "b")
    with pytest.raises(StageError, match="built by another run"):
        release(workspace, NEXT, "later")


def test_a_step_of_another_day_is_refused_before_it_reads(tmp_path: Path) -> None:
    """Day 15 failed in its planning, day 3 ran, then day 15 was re-executed from its failure."""
    workspace = Workspace(tmp_path)
    run_all(workspace, DAY, "a", until="demand")
    run_all(workspace, NEXT, "b")
    refused = pytest.raises(StageError, match="planning of 2026-06-15: the warehouse holds control of 2026-07-03")
    with refused, workspace.stage("planning", DAY, "a"):
        raise AssertionError("the stage must not begin")
    release(workspace, NEXT, "b")


def test_a_chain_of_re_executions_publishes_its_day(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    run_all(workspace, DAY, "a", until="demand")
    for name in ("planning", "dbt_marts"):
        with workspace.stage(name, DAY, "a"):
            pass
    release(workspace, DAY, "a")


@pytest.mark.parametrize("how", ["in part", "cut short", "above rebuilt"])
def test_what_is_incomplete_is_not_published(tmp_path: Path, how: str) -> None:
    workspace = Workspace(tmp_path)
    run_all(workspace, DAY, "a")
    if how == "in part":
        with workspace.stage("dbt_marts", DAY, "a", is_whole=False):
            pass
    elif how == "cut short":
        with pytest.raises(KeyboardInterrupt), workspace.stage("ledger", DAY, "a"):
            raise KeyboardInterrupt
    else:
        with workspace.stage("landing", DAY, "a"):
            pass
    with pytest.raises(StageError, match="missing or incomplete"):
        release(workspace, DAY, "a")


def test_a_second_run_waits_and_then_says_so(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    busy = pytest.raises(WorkspaceBusyError, match="another run")
    with workspace.exclusive(), busy, workspace.exclusive(wait_seconds=1.0):
        pass
    with workspace.exclusive():
        pass
