"""The schema `control` as Dagster assets (tables: `orchestration.control`)."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from assets.ingest.stage import capabilities
from assets.stages import first_run
from assets.workspace import Workspace, write_table
from orchestration.control import CONTROL_TABLES, control_tables
from orchestration.settings import Settings


def build_control_assets(partitions: dg.PartitionsDefinition, pool: str) -> dg.AssetsDefinition:
    """The configuration of the run, as tables that the SQL reads."""
    specs = [dg.AssetSpec(["control", name], group_name="control", kinds={"yaml"}) for name in CONTROL_TABLES]

    @dg.multi_asset(specs=specs, partitions_def=partitions, name="control", pool=pool)
    def control_assets(
        context: dg.AssetExecutionContext,
        workspace: dg.ResourceParam[Workspace],
        settings: dg.ResourceParam[Settings],
    ) -> Iterator[dg.MaterializeResult]:
        as_of = date.fromisoformat(context.partition_key)
        tables = control_tables(settings, as_of, capabilities(settings.sources))
        with workspace.stage("control", as_of, first_run(context.run)), workspace.connect() as connection:
            for name in CONTROL_TABLES:
                rows = write_table(connection, f"control.{name}", tables[name])
                yield dg.MaterializeResult(asset_key=["control", name], metadata={"rows": rows})

    return control_assets
