"""The demo company's extracts through everything that can find a fault: landing, ledger, reconciliation, findings.

Forecasts and policies are left out (no fault is found by them) so that a world takes seconds. Their tables are there,
empty, with the columns that the dbt project declares.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from companies import configure
from warehouse_builder import DBT_PROJECT, source_tables

from assets.ingest.register import register_landing
from assets.ingest.stage import capabilities, ingest_all
from assets.ledger.stage import compute
from assets.workspace import write_table
from orchestration.control import control_tables
from orchestration.dbt import HALVES
from orchestration.dbt_runner import build

FIGURES = """
with latest as (
    select item_id, warehouse_id, on_hand_units from intermediate.int_item_warehouse_balances
    where valid_to_date = (select as_of_date from control.run_parameters)
), worth as (
    select item_id, warehouse_id, sum(layer_value) as stock_value from ledger.open_layers
    where snapshot_date = (select as_of_date from control.run_parameters) group by all
), sold as (
    select m.item_id, m.warehouse_id, sum(c.cogs_value) as cogs_value from ledger.movement_costs c
    join intermediate.int_stock_movements m using (movement_key) group by all
), wanted as (
    select item_id, warehouse_id, sum(demand_units) as demand_units from intermediate.int_demand_daily group by all
), coming as (
    select item_id, warehouse_id, sum(on_order_units) as on_order_units from intermediate.int_open_supply group by all
)
select item_id, warehouse_id, on_hand_units, stock_value, cogs_value, demand_units, on_order_units
from intermediate.int_item_warehouses
left join latest using (item_id, warehouse_id) left join worth using (item_id, warehouse_id)
left join sold using (item_id, warehouse_id) left join wanted using (item_id, warehouse_id)
left join coming using (item_id, warehouse_id)
"""
MEASURES = ("on_hand_units", "stock_value", "cogs_value", "demand_units", "on_order_units")
Figures = dict[tuple[str, str], tuple[float, ...]]


@dataclass(frozen=True)
class Outcome:
    """What a world came to: its findings, and the figures that the published numbers are made of."""

    findings: list[dict[str, Any]]
    figures: Figures


def examine(folder: Path, as_of: date) -> Outcome:
    """Land `folder`/inbox and find what there is to find."""
    from assets.ingest.master_changes import register_master_changes

    settings = configure(folder, "demo", folder / "inbox").settings
    workspace = settings.workspace()
    ingest_all(workspace.root, settings.sources, as_of)
    with workspace.connect() as connection:
        register_landing(connection, workspace.root, as_of)
        register_master_changes(connection, workspace.root, as_of)
        for name, table in control_tables(settings, as_of, capabilities(settings.sources)).items():
            write_table(connection, f"control.{name}", table)
        _empty_sources(connection)
    _build(workspace.warehouse, HALVES["dbt_foundation"].split())
    with workspace.connect() as connection:
        movements = connection.execute(
            "select * from intermediate.int_stock_movements order by movement_sequence"
        ).to_arrow_table()
        tables = compute(movements, as_of=as_of, settings=settings.ledger)
        for part in fields(tables):
            write_table(connection, f"ledger.{part.name}", getattr(tables, part.name))
    judged = ["fqn:stockturn.marts", "fqn:stockturn.reconciliation"]
    _build(workspace.warehouse, [f"+fct_findings,{part}" for part in judged])
    with workspace.connect() as connection:
        findings = connection.execute("select * from marts.fct_findings order by finding_id").to_arrow_table()
        rows = connection.execute(FIGURES).fetchall()
    return Outcome(findings.to_pylist(), {(row[0], row[1]): tuple(float(v or 0) for v in row[2:]) for row in rows})


def _build(warehouse: Path, select: list[str]) -> None:
    broken = [
        f"{node.name}: {node.message}" for node in build(warehouse, select, exclude_tests=True) if not node.is_good
    ]
    assert not broken, broken


def _empty_sources(connection: duckdb.DuckDBPyConnection) -> None:
    known = set(connection.execute("select table_schema, table_name from information_schema.tables").fetchall())
    for (schema, table), columns in source_tables().items():
        connection.execute(f"create schema if not exists {schema}")
        if (schema, table) not in known:
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table {schema}.{table} ({declared})")
    connection.execute("create schema if not exists reconciliation")
    for seed in sorted((DBT_PROJECT / "seeds").glob("*.csv")):
        read = f"from read_csv('{seed}', all_varchar = true)"
        connection.execute(f"create or replace table reconciliation.{seed.stem} as {read}")
