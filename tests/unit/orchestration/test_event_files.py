"""Dagster's files stay open in a run, are let go afterwards, and hold what they would hold anyway."""

from __future__ import annotations

import uuid
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

from orchestration.event_files import kept_open


@dg.asset
def something() -> None: ...


def test_the_log_is_folded_in_once_and_holds_every_event(tmp_path: Path) -> None:
    job = dg.Definitions(assets=[something], jobs=[dg.define_asset_job("one", executor_def=dg.in_process_executor)])
    counts = {}
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        for is_kept in (True, False):
            run_id = str(uuid.uuid4())
            log = tmp_path / "history" / "runs" / f"{run_id}.db-wal"
            if is_kept:
                with kept_open(instance, run_id):
                    job.resolve_job_def("one").execute_in_process(instance=instance, run_id=run_id)
                    assert log.exists()
                assert not log.exists()
            else:
                job.resolve_job_def("one").execute_in_process(instance=instance, run_id=run_id)
            counts[is_kept] = len(instance.all_logs(run_id))
    assert counts[True] == counts[False] > 10


def _synchronous(path: Path) -> int:
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.connect() as connection:
        return int(connection.execute(sa.text("pragma synchronous")).scalar_one())


def test_only_dagsters_files_and_only_in_a_run_do_not_wait_for_the_disk(tmp_path: Path) -> None:
    """The incident store, for one, waits for the disk as ever."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        events, elsewhere = tmp_path / "history" / "runs" / "index.db", tmp_path / "incidents.db"
        with kept_open(instance, str(uuid.uuid4())):
            assert (_synchronous(events), _synchronous(elsewhere)) == (1, 2)
        assert (_synchronous(events), _synchronous(elsewhere)) == (2, 2)
