"""Landing as Dagster assets: one per contract, read in one step. Glue only; the work is in `assets.ingest.stage`."""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from assets.ingest.batches.master_changes import register_master_changes
from assets.ingest.batches.register import register_landing
from assets.ingest.batches.report import ContractReport
from assets.ingest.contracts import load_contracts
from assets.ingest.errors import MappingError
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all
from assets.stages import first_run
from assets.workspace import Workspace

TRANSIENT = dg.RetryPolicy(max_retries=1, delay=20)  # a folder of the network that was away for a moment
QUALITY_TABLES = ("landing_batches", "quarantined_rows", "duplicate_rows", "superseded_rows", "master_changes")


def build_landing_assets(partitions: dg.PartitionsDefinition, pool: str) -> dg.AssetsDefinition:
    """The landing stage: reads what is new in every source, then shows it to the warehouse as views."""
    contracts = load_contracts()
    landing = [
        dg.AssetSpec(
            ["landing", name],
            description=contract.meaning,
            group_name="landing",
            kinds={"parquet"},
            metadata={"natural_key": ", ".join(contract.natural_key)},
        )
        for name, contract in contracts.items()
    ]
    quality = [dg.AssetSpec(["quality", name], group_name="landing", kinds={"duckdb"}) for name in QUALITY_TABLES]

    @dg.multi_asset(
        specs=[*landing, *quality],
        partitions_def=partitions,
        name="landing",
        pool=pool,
        retry_policy=TRANSIENT,
    )
    def landing_assets(
        context: dg.AssetExecutionContext,
        workspace: dg.ResourceParam[Workspace],
        sources: dg.ResourceParam[Sequence[SourceSettings]],
    ) -> Iterator[dg.MaterializeResult]:
        as_of = date.fromisoformat(context.partition_key)
        with workspace.stage("landing", as_of, first_run(context.run)):
            try:
                reports = ingest_all(workspace.root, sources, as_of, must_read=True, spark=workspace.spark)
            except MappingError as error:  # a mapping is wrong, and will be the second time
                raise dg.Failure(description=str(error), allow_retries=False) from error
            with workspace.connect() as connection:
                register_landing(connection, workspace.root, as_of)
                register_master_changes(connection, workspace.root, as_of)
        for name, report in reports.items():
            yield dg.MaterializeResult(asset_key=["landing", name], metadata=_metadata(report))
        for name in QUALITY_TABLES:
            yield dg.MaterializeResult(asset_key=["quality", name])

    return landing_assets


def _metadata(report: ContractReport) -> dict[str, int | str]:
    return {
        "rows_in": report.rows_in,
        "rows_loaded": report.rows_loaded,
        "rows_quarantined": report.rows_quarantined,
        "rows_duplicate": report.rows_duplicate,
        "files_refused": len(report.refusals),
        "refusals": "\n".join(report.refusals),
        "files_unchanged": report.unchanged_files,
    }
