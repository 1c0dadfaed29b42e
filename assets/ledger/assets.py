"""The ledger as Dagster assets. Glue only; the work is in `assets.ledger.daily`."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import duckdb

from assets.ledger.daily import LedgerRun, run_ledger
from assets.ledger.restatement import past_releases, write_restatements
from assets.ledger.settings import LedgerSettings
from assets.spark.lake import Lake
from assets.spark.session import start_session
from assets.stages import first_run
from assets.workspace import Workspace

TABLES = (
    "open_layers",
    "movement_costs",
    "value_entries",
    "conservation",
    "transit_layers",
    "transit_conservation",
    "restated_kpis",
    "restatement_documents",
)

NOT_READ_BY_SQL = {
    "transit_conservation": "Proof that what left one warehouse arrived at another or is under way, per transfer.",
}
"""Descriptions of the tables that are no source of the dbt project, which describes the others."""

INPUTS = [
    ["intermediate", "int_ledger_movements"],
    ["intermediate", "int_fiscal_periods"],
    ["staging", "stg_item_costs"],
]


def build_ledger_assets(partitions: dg.PartitionsDefinition, pool: str) -> dg.AssetsDefinition:
    """The ledger stage: layers, costs and the proof of conservation from the movements."""
    specs = [
        dg.AssetSpec(
            ["ledger", name], deps=INPUTS, group_name="ledger", kinds={"numba"}, description=NOT_READ_BY_SQL.get(name)
        )
        for name in TABLES
    ]

    @dg.multi_asset(specs=specs, partitions_def=partitions, name="ledger", pool=pool)
    def ledger_assets(
        context: dg.AssetExecutionContext,
        workspace: dg.ResourceParam[Workspace],
        ledger_settings: dg.ResourceParam[LedgerSettings],
    ) -> Iterator[dg.MaterializeResult]:
        as_of = date.fromisoformat(context.partition_key)
        with workspace.stage("ledger", as_of, first_run(context.run)), workspace.connect() as connection:
            outcome = _run(connection, workspace, as_of, ledger_settings)
            compared = write_restatements(connection, past_releases(workspace.releases), as_of)
            told: dict[str, bool | int | float | str] = {
                "is_incremental": outcome.is_incremental,
                "reason": outcome.reason,
                "computed_movements": outcome.computed_movements,
                "restated_items": outcome.restated_items,
                "compared_releases": compared,
                **{f"{step}_seconds": taken for step, taken in outcome.seconds.items()},
            }
            for name in TABLES:
                rows = connection.execute(f"select count(*) from ledger.{name}").fetchone()
                yield dg.MaterializeResult(
                    asset_key=["ledger", name], metadata={"rows": rows[0] if rows else 0, **told}
                )

    return ledger_assets


def _run(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, as_of: date, settings: LedgerSettings
) -> LedgerRun:
    if workspace.spark is None:
        return run_ledger(connection, workspace.ledger_state, as_of=as_of, settings=settings, threads=workspace.threads)
    from assets.ledger.on_spark import run_ledger_on_spark

    lake = Lake(start_session(workspace.spark), workspace.lake)
    return run_ledger_on_spark(
        connection, lake, as_of=as_of, settings=settings, rows_per_task=workspace.spark.ledger_rows
    )
