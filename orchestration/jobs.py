"""The jobs: the daily run over everything."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

DAILY_JOB = "daily"


def daily_job(partitions: dg.PartitionsDefinition) -> AssetJob:
    """Extracts to release, in this process (DuckDB has one writer; see docs/adr/0002)."""
    return dg.define_asset_job(
        DAILY_JOB,
        selection=dg.AssetSelection.all(),
        partitions_def=partitions,
        executor_def=dg.in_process_executor,
        tags={"stockturn/writes": "workspace"},
        description="Reads new extracts, builds ledger, plan and marts, checks them and publishes a release.",
    )
