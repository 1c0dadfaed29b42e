"""A run whose process is gone is failed at the second look; one that works, waits or is another company's is left alone."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from orchestration.jobs import COMPANY_TAG
from orchestration.sensors import interrupted_run_sensor
from orchestration.settings import Settings, load_settings

CONFIG = """
company: {code: C, name: Company, currency: CNY, timezone: Asia/Shanghai}
data_dir: data
sources: [{name: erp, kind: file, mapping: demo_erp, path: inbox, instance: E, company_code: C, timezone: Asia/Shanghai}]
schedule: {first_date: 2024-01-01}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = tmp_path / "c.yml"
    config.write_text(CONFIG, encoding="utf-8")
    return load_settings(config)


def _started(instance: dg.DagsterInstance, run_id: str, company_code: str) -> None:
    tags = {COMPANY_TAG: company_code}
    instance.add_run(dg.DagsterRun(job_name="daily", run_id=run_id, status=dg.DagsterRunStatus.STARTED, tags=tags))


def _look(settings: Settings, instance: dg.DagsterInstance, cursor: str | None) -> str | None:
    with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        interrupted_run_sensor(settings).evaluate_tick(context)
        return context.cursor


def test_a_run_without_a_process_is_failed_at_the_second_look(settings: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        _started(instance, "dead", "C")
        _started(instance, "theirs", "D")
        cursor = _look(settings, instance, None)
        assert instance.get_run_by_id("dead").status == dg.DagsterRunStatus.STARTED, "it may be about to begin"  # type: ignore[union-attr]
        with settings.workspace().exclusive():
            cursor = _look(settings, instance, cursor)
        cursor = _look(settings, instance, cursor)
        assert instance.get_run_by_id("dead").status == dg.DagsterRunStatus.STARTED, "somebody was at work"  # type: ignore[union-attr]
        _look(settings, instance, cursor)
        assert instance.get_run_by_id("dead").status == dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
        assert instance.get_run_by_id("theirs").status == dg.DagsterRunStatus.STARTED  # type: ignore[union-attr]
