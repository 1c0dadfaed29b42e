"""Data tests are tested: each is shown a fault just past what it allows, and must fail on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.dbt_runner import NodeResult, Warehouse, build

FAULTS = {
    "fct_conservation_is_closed": "update marts.fct_conservation set is_closed = false where item_id = 'C/A1'",
    "fct_stock_movements_grain": "insert into marts.fct_stock_movements from marts.fct_stock_movements limit 1",
    "fct_stock_movements_items_known": "update marts.fct_stock_movements set item_id = 'C/none' where doc_no = 'S1'",
    "int_item_warehouse_balances_without_gaps":
        "delete from intermediate.int_item_warehouse_balances"
        " where item_id = 'C/A1' and valid_from_date = '2026-05-11'",
    "int_demand_daily_never_negative": "update intermediate.int_demand_daily set demand_units = -0.000001",
    "fct_data_quality_every_row_accounted": "update marts.fct_data_quality set rows_gap = 1",
}  # fmt: skip


def _built(warehouse: Path, *select: str) -> list[NodeResult]:
    return build(Warehouse(warehouse), select, target=warehouse.parent / "target")


def test_every_planted_fault_is_caught(dbt: Callable[..., Any], copy_of_built: Path) -> None:
    """A data test that passes on a fault is worse than none. By `dbt test`: a build leaves out what is below a failed one."""
    with duckdb.connect(str(copy_of_built)) as connection:
        for fault in FAULTS.values():
            connection.execute(fault)
    results = dbt(copy_of_built, "test", "--select", *sorted(FAULTS)).result
    assert {row.node.name: str(row.status) for row in results} == dict.fromkeys(FAULTS, "fail")


@pytest.mark.parametrize(
    "fault",
    [
        "update ledger.conservation set closing_units = closing_units + 0.000001 where item_id = 'C/A1'",
        "update ledger.open_layers set quantity_units = quantity_units - 0.000001 where snapshot_date = '2026-06-30'",
        "delete from ledger.conservation where item_id = 'C/B1'",
    ],
)
def test_a_ledger_that_does_not_conserve_blocks(copy_of_built: Path, fault: str) -> None:
    """One millionth of a unit lost between ledger and balance must stop the release, and say which item."""
    with duckdb.connect(str(copy_of_built)) as connection:
        connection.execute(fault)
    models = ["fct_stock_ageing", "fct_conservation", "rec_findings_stock"]
    results = {result.name: result for result in _built(copy_of_built, *models)}
    assert results["fct_conservation_is_closed"].status == "fail"
    assert "item_id C/" in results["fct_conservation_is_closed"].message
    assert results["rec_findings_stock"].status == "skipped"


def test_a_new_record_unlike_its_category_is_shown_before_orders_are_placed_by_it(copy_of_built: Path) -> None:
    """Lead times of 8 to 13 days, and three new records: 12 days, 130, and 200 in a category with three others, which say too little."""
    lead_times = {f"N{number}": ("1", 8 + number) for number in range(6)} | {"NEW1": ("1", 12), "NEW2": ("1", 130)}
    lead_times |= {f"M{number}": ("2", 10) for number in range(3)} | {"NEW3": ("2", 200)}
    with duckdb.connect(str(copy_of_built)) as connection:
        connection.execute("create table staging.all_items as from staging.stg_items")
        for code, (category, days) in lead_times.items():
            connection.execute(
                "insert into staging.all_items by name select 'C/' || $code as item_id, 'C' as company_code, $code as item_code,"
                " $category as category_code, $days as lead_time_days, 'erp' as source_instance",
                {"code": code, "category": category, "days": days},
            )
            if code.startswith("NEW"):
                connection.execute(
                    "insert into quality.master_changes by name select 'item' as contract, 'erp' as source_instance, 'C' as company_code,"
                    " $code as source_key, 'lead_time_days' as column_name, $days::varchar as new_value,"
                    " date '2026-06-30' as extract_date, 'items.csv' as source_file, 7 as source_row",
                    {"code": code, "days": days},
                )
        connection.execute("create or replace view staging.stg_items as from staging.all_items")
    [built] = [one for one in _built(copy_of_built, "rec_findings_deliveries") if one.name == "rec_findings_deliveries"]
    assert built.is_good, built.message
    with duckdb.connect(str(copy_of_built)) as connection:
        found = connection.execute(
            "select item_id, message, source_file, source_row from reconciliation.rec_findings_deliveries"
            " where rule_id = 'master_change'"
        ).fetchall()
    said = chr(31).join(["master_change.new", "lead_time_days", "130", "2026-06-30", "11"])
    assert found == [("C/NEW2", said, "items.csv", 7)]
