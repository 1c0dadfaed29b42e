"""Puts the graph together: `build_definitions` serves production, tests and `dg dev` alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from assets.ingest.assets import build_landing_assets
from assets.ledger.assets import build_ledger_assets
from assets.planning.assets import build_planning_assets
from assets.publish.assets import RELEASE_KEY, build_publish_assets
from assets.publish.releases import MART_SCHEMAS
from expectations.assets import build_incident_asset
from expectations.checks import build_contract_checks, build_finding_checks
from orchestration.dbt import build_dbt_assets
from orchestration.described import described
from orchestration.freshness import with_freshness
from orchestration.jobs import daily_job, review_job
from orchestration.partitions import daily_partitions, warehouse_pool
from orchestration.resources import build_resources
from orchestration.review_asset import REVIEW_KEY, build_review_asset, monthly_partitions
from orchestration.run_parameters import build_control_assets
from orchestration.schedules import daily_schedule, review_schedule
from orchestration.sensors import extract_sensor, failure_sensor, interrupted_run_sensor, reminder_sensor
from orchestration.settings import Settings, load_settings
from orchestration.upkeep.jobs import trace_sensors, upkeep_job, upkeep_schedule


def build_definitions(
    settings: Settings | Path, *, resource_overrides: Mapping[str, Any] | None = None
) -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors of one company.

    Raises:
        assets.documents.DocumentError: the configuration file cannot be used.
    """
    if isinstance(settings, Path):
        settings = load_settings(settings)
    partitions = daily_partitions(settings)
    pool = warehouse_pool(settings)
    manifest = json.loads(settings.dbt().prepared().read_text(encoding="utf-8"))
    dbt = build_dbt_assets(settings.dbt(), manifest, partitions, pool)
    marts = sorted(key for half in dbt for key in half.keys if key.path[0] in MART_SCHEMAS)
    job = daily_job(partitions, REVIEW_KEY)
    resources = {**build_resources(settings), **(resource_overrides or {})}
    book = resources["rule_book"]
    monthly = review_job(monthly_partitions(settings), REVIEW_KEY)
    upkeep = upkeep_job(settings)
    return dg.Definitions(
        assets=described(
            [
                build_landing_assets(partitions, pool),
                build_control_assets(partitions, pool),
                *dbt,
                build_ledger_assets(partitions, pool),
                *build_planning_assets(partitions, pool),
                with_freshness(build_publish_assets(partitions, marts, pool)),
                build_incident_asset(partitions, RELEASE_KEY, pool),
                build_review_asset(settings),
            ],
            manifest,
            settings,
        ),
        asset_checks=[build_contract_checks(pool), build_finding_checks(pool)],
        jobs=[job, monthly, upkeep],
        schedules=[
            daily_schedule(settings, job),
            review_schedule(settings, monthly),
            upkeep_schedule(settings, upkeep),
        ],
        sensors=[
            extract_sensor(settings, job),
            failure_sensor(settings, book),
            interrupted_run_sensor(settings),
            reminder_sensor(settings, book),
            *trace_sensors(settings, [job, monthly]),
        ],
        resources=resources,
        executor=dg.in_process_executor,  # for what is started from the web page too: the warehouse has one writer
    )
