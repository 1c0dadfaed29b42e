"""The marts against figures worked out by hand on the scene of `dbt_scene`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

Rows = Callable[[str], list[dict[str, Any]]]


def test_turnover_of_may_is_the_textbook_ratio(mart: Rows) -> None:
    """10 days at 1000, 10 at 1600, 11 at 1000: average 1193.5484; 600 sold. Guards the weighting by days held."""
    row = mart("select * from marts.fct_turnover_monthly where item_id = 'C/A1' and month_start_date = '2026-05-01'")[0]
    assert row["average_inventory_value"] == Decimal("1193.5484")
    assert row["average_inventory_value_two_point"] == Decimal("500.0000")
    assert row["cogs_value"] == 600
    assert row["inventory_turnover"] == pytest.approx(600 / 1193.5484, abs=1e-6)
    assert row["inventory_turnover_annualised"] == pytest.approx(600 / 1193.5484 * 365 / 31, abs=1e-5)
    assert row["days_inventory_outstanding"] == pytest.approx(31 * 1193.5484 / 600, abs=1e-4)


def test_without_a_cost_values_are_missing_with_the_reason_and_units_are_not(mart: Rows) -> None:
    """A zero here would read as stock that is worth nothing."""
    for row in mart("select * from marts.fct_turnover_monthly where item_id = 'C/B1'"):
        assert row["average_inventory_value"] is None and row["inventory_turnover"] is None
        assert row["turnover_status"] == "not_available: no cost in any source"
        assert row["average_inventory_units"] > 0
    health = mart("select * from marts.fct_inventory_health where item_id = 'C/B1'")[0]
    assert health["inventory_value"] is None and health["dead_stock_value"] is None
    assert health["value_status"] == "not_available: no cost in any source"


def test_roll_ups_agree_with_the_kpis_and_leave_out_what_has_no_cost(mart: Rows) -> None:
    """Two homes of one figure would drift apart: the company's year is the KPI's, over the one of two items with a cost."""
    [company] = mart("select * from marts.fct_turnover where scope = 'company' and period_kind = 'rolling_365'")
    [kpi] = mart("select * from marts.fct_kpi_summary where scope = 'company' and kpi = 'inventory_turnover'")
    assert company["inventory_turnover_annualised"] == pytest.approx(kpi["kpi_value"], abs=1e-6)
    assert (company["item_warehouses"], company["known_item_warehouses"], company["coverage_rate"]) == (2, 1, 0.5)
    assert company["gmroi"] is None and company["gmroi_status"] == "not_available: no cost or no revenue"
    months = mart("select * from marts.fct_turnover where scope = 'company' and period_kind = 'month'")
    assert months and all(row["inventory_turnover_12_months"] is None for row in months), "a year that is not there"
    parts = "scope = 'warehouse' and period_kind = 'quarter' and period_start_date = '2026-04-01'"
    [quarter] = mart(f"select * from marts.fct_turnover where {parts}")
    assert quarter["cogs_value"] == sum(row["cogs_value"] or 0 for row in months)


def test_age_buckets_include_their_upper_bound_and_sum_to_on_hand(mart: Rows) -> None:
    """30 days old is still 0-30; 60 days is 31-60."""
    rows = mart("select * from marts.fct_stock_ageing where item_id = 'C/A1' and snapshot_date = '2026-06-30'")
    assert {row["bucket_label"]: row["quantity_units"] for row in rows} == {"0-30": 50, "31-60": 10}
    assert sum(row["quantity_units"] for row in rows) == 60
    assert sum(row["stock_value"] for row in rows) == 700


def test_service_tells_late_from_short(mart: Rows) -> None:
    """SO1 on time; SO2 a day late from a full shelf (no stock-out); SO3 never shipped, 60 on the shelf for 90."""
    row = mart(
        "select sum(due_lines) due, sum(stockout_lines) short, sum(on_time_units) units, sum(promised_lines) promised,"
        " sum(on_time_lines) on_time from marts.fct_order_service"
    )[0]
    assert (row["due"], row["short"], row["units"], row["promised"], row["on_time"]) == (3, 1, 60, 3, 1)


def test_kpis_are_sums_over_sums_with_coverage(mart: Rows) -> None:
    """Capital covers one of two items, and says so."""
    kpis = {row["kpi"]: row for row in mart("select * from marts.fct_kpi_summary where scope = 'company'")}
    assert kpis["inventory_capital"]["kpi_value"] == 700
    assert kpis["inventory_capital"]["coverage_rate"] == 0.5
    assert kpis["stockout_line_rate"]["kpi_value"] == pytest.approx(1 / 3, abs=1e-6)
    assert kpis["stockout_line_rate"]["is_within_bounds"] is False
    assert kpis["record_accuracy_rate"]["kpi_status"] == "not_available: nothing counted"


def test_kpis_of_the_one_warehouse_and_of_the_one_category_are_the_companys(mart: Rows) -> None:
    """A base whose rows fall under no warehouse leaves a KPI without a part; a coverage of nothing reads as a figure without data."""
    figures = "kpi, kpi_value, coverage_rate, kpi_status"
    found = {
        scope: mart(
            f"select {figures} from marts.fct_kpi_summary"
            f" where scope = '{scope}' and scope_value = '{value}' and kpi_status = 'ok' order by 1"
        )
        for scope, value in (("company", ""), ("warehouse", "C/W1"), ("category", "kitchen"))
    }
    assert len(found["company"]) == 16 and found["warehouse"] == found["company"] == found["category"]
    covered = {row["kpi"]: row["coverage_rate"] for row in found["company"]}
    of_orders = {"on_time_delivery_rate", "supplier_on_time_rate"}
    assert covered == {kpi: 1.0 if kpi in of_orders else 0.5 for kpi in covered}, "a cost is known of one of two items"


def test_the_sources_value_ledger_stands_beside_ours_with_the_difference_explained(mart: Rows) -> None:
    """Every cent of a difference is units, cost, or value without units; what is after the run's date is not compared."""
    columns = "difference_value d, quantity_effect_value q, cost_effect_value c, value_only_effect_value v, difference_reason, doc_no"
    rows = mart(f"select item_id, month(month_start_date) m, flow, {columns} from marts.fct_value_ledger")
    found = {(row["item_id"], row["m"], row["flow"]): tuple(row.values())[3:] for row in rows}
    assert found == {
        ("C/A1", 5, "opening"): (0, 0, 0, 0, "agrees", "O1"),
        ("C/A1", 5, "in"): (-10, 0, -10, 0, "inward_cost", "R1"),
        ("C/A1", 5, "out"): (-36, 0, -36, 0, "costing_method", "S1"),
        ("C/A1", 5, "value_only"): (25, 0, 0, 25, "value_only: landed_cost", "LC1"),
        # 5 more units went out, at our 10 each; the other 35 of difference are the source's dearer average
        ("C/A1", 6, "out"): (-85, -50, -35, 0, "documents_missing_in_ledger", "X9"),
        ("C/B1", 5, "opening"): (None, None, None, 0, "not_available: no cost in any source", "O2"),
        ("C/B1", 6, "in"): (None, None, None, 0, "not_available: no cost in any source", "S3"),
    }
    [cogs] = mart(
        "select sum(source_cogs_value) s, sum(ledger_cogs_value) l from marts.fct_value_ledger where item_id = 'C/A1'"
    )
    assert (cogs["s"], cogs["l"]) == (966, 900)


def test_findings_name_their_cause_once(mart: Rows) -> None:
    """The flipped sign explains the WMS and ERP differences of B1; A1's shelf is short of 15 and nothing
    explains it.
    """
    found = {(row["rule_id"], row["item_id"], row["doc_no"]): row for row in mart("select * from marts.fct_findings")}
    assert found[("sign_flip", "C/B1", "S3")]["variance_units"] == -8
    assert found[("unposted_receipt", "C/A1", "R9")]["variance_units"] == 7
    assert found[("shrink", "C/A1", None)]["variance_units"] == -15
    assert found[("shrink", "C/A1", None)]["owner_name"] == "Li"
    rules = sorted(row["rule_id"] for row in mart("select rule_id from marts.fct_findings"))
    assert rules == ["duplicate_file", "refused_file", "reused_code", "shrink", "sign_flip", "unposted_receipt"]


def test_rows_left_out_on_purpose_are_accounted_and_refusals_told(mart: Rows) -> None:
    """9 rows: 6 landed, 1 in quarantine, 1 double, 1 excluded by the mapping. The third file was refused whole."""
    row = mart("select * from marts.fct_data_quality where contract = 'stock_movement'")[0]
    assert (row["rows_in"], row["rows_excluded"], row["rows_gap"], row["refused_files"]) == (17, 1, 0, 1)
    [refusal] = mart("select * from marts.fct_findings where rule_id = 'refused_file'")
    assert refusal["severity"] == "critical" and "m3.csv, row 1: no column qty" in refusal["explanation"]


def test_not_counted_is_not_zero(mart: Rows) -> None:
    """An empty figure on a count sheet would otherwise be a loss of the whole stock."""
    assert mart("select * from reconciliation.rec_book_count") == []


def test_movements_keep_their_file_and_row(mart: Rows) -> None:
    """An auditor goes from the mart to the line of the file."""
    rows = mart("select source_file, source_row, cost_status from marts.fct_stock_movements where doc_no = 'S1'")
    assert rows == [{"source_file": "test.csv", "source_row": 2, "cost_status": "ok"}]


def test_open_supply_and_lead_time(mart: Rows) -> None:
    """The open order is overdue by two days; the received one took ten."""
    supply = mart("select * from intermediate.int_open_supply")
    assert [(row["due_date"], row["on_order_units"], row["overdue_units"]) for row in supply] == [
        (date(2026, 6, 28), 40, 40)
    ]
    assert [row["lead_time_days"] for row in mart("select * from intermediate.int_supplier_lead_times")] == [10]


def test_an_empty_warehouse_builds_and_claims_nothing(empty: Path) -> None:
    """A new workspace must not fail, and must not report zeros as if they were measured."""
    with duckdb.connect(str(empty)) as connection:
        statuses = connection.execute("select distinct kpi_status from marts.fct_kpi_summary").fetchall()
        assert statuses and all(status.startswith("not_available") for (status,) in statuses)
        findings = connection.execute("select count(*) from marts.fct_findings").fetchone()
    assert findings == (0,)
