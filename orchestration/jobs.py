"""The jobs: the daily run over everything, and the review when a month is over."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

DAILY_JOB = "daily"
REVIEW_JOB = "monthly_review"
COMPANY_TAG = "stockturn/company"
"""Of a run of the command: whose it is. What Dagster starts is known by its pool."""


def daily_job(partitions: dg.PartitionsDefinition, review: dg.AssetKey) -> AssetJob:
    """Extracts to release, in this process (DuckDB has one writer; see docs/adr/0002)."""
    return dg.define_asset_job(
        DAILY_JOB,
        selection=dg.AssetSelection.all() - dg.AssetSelection.assets(review),
        partitions_def=partitions,
        executor_def=dg.in_process_executor,
        tags={"stockturn/publishes": "release"},
        description="Reads new extracts, builds ledger, plan and marts, checks them and publishes a release.",
    )


def review_job(partitions: dg.PartitionsDefinition, review: dg.AssetKey) -> AssetJob:
    """The review pack of one month; it reads releases and writes beside them."""
    return dg.define_asset_job(
        REVIEW_JOB,
        selection=dg.AssetSelection.assets(review),
        partitions_def=partitions,
        executor_def=dg.in_process_executor,
        description="Writes the month's review pack: one HTML page and one workbook.",
    )
