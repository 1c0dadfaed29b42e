"""The demo company's extracts through everything that can find a fault: landing, ledger, reconciliation, findings.

Forecasts and policies are left out (no fault is found by them) so that a world takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from companies import configure

from benchmarks import examination

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
    settings = configure(folder, "demo", folder / "inbox").settings
    examination.examine(settings, as_of)
    return outcome_of(settings.workspace().warehouse)


def outcome_of(warehouse: Path) -> Outcome:
    """What there is in the warehouse of an examined world."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        findings = connection.execute("select * from marts.fct_findings order by finding_id").to_arrow_table()
        figures = connection.execute(FIGURES).fetchall()
    return Outcome(findings.to_pylist(), {(row[0], row[1]): tuple(float(v or 0) for v in row[2:]) for row in figures})
