"""The ledger as Dagster assets. Glue only; the work is in `assets.ledger.stage`."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import compute
from assets.workspace import Workspace, write_table

TABLES = ("open_layers", "movement_costs", "value_entries", "conservation", "transit_layers", "transit_conservation")


def build_ledger_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The ledger stage: layers, costs and the proof of conservation from the movements."""
    specs = [
        dg.AssetSpec(
            ["ledger", name], deps=[["intermediate", "int_stock_movements"]], group_name="ledger", kinds={"numba"}
        )
        for name in TABLES
    ]

    @dg.multi_asset(
        specs=specs, partitions_def=partitions, backfill_policy=dg.BackfillPolicy.multi_run(), name="ledger"
    )
    def ledger_assets(
        context: dg.AssetExecutionContext,
        workspace: dg.ResourceParam[Workspace],
        ledger_settings: dg.ResourceParam[LedgerSettings],
    ) -> Iterator[dg.MaterializeResult]:
        as_of = date.fromisoformat(context.partition_key)
        with workspace.connect() as connection:
            movements = connection.execute(
                "select * from intermediate.int_stock_movements order by movement_sequence"
            ).to_arrow_table()
            tables = compute(movements, as_of=as_of, settings=ledger_settings)
            for name in TABLES:
                rows = write_table(connection, f"ledger.{name}", getattr(tables, name))
                yield dg.MaterializeResult(asset_key=["ledger", name], metadata={"rows": rows})

    return ledger_assets
