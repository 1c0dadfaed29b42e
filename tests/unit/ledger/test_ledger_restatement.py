"""What an earlier release said, what is known now, and the documents between the two, whose shares add up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from assets.ledger.restatement import KPIS, PastRelease, chosen_releases, write_restatements

THEN, NOW = date(2026, 6, 10), date(2026, 6, 30)
# key, item, type, day, units, value, cogs: 100 units at 10 on 1 June, 40 sold at cost on 6 June
ROWS = [
    ("r1", "C/A", "purchase_receipt", date(2026, 6, 1), 100, 1000, None),
    ("s1", "C/A", "sales_issue", date(2026, 6, 6), -40, -400, 400),
    ("r2", "C/B", "purchase_receipt", date(2026, 6, 1), 10, 50, None),
    ("x1", "D/A", "purchase_receipt", date(2026, 6, 1), 7, 70, None),
]
# Late: 20 sold on 6 June, entered after the 10th. Corrected: r2 was 12. Voided: r9. Recosted: s1 costs 450 now. After the day: r5.
CHANGED = [
    ROWS[0],
    ("s1", "C/A", "sales_issue", date(2026, 6, 6), -40, -450, 450),
    ("s2", "C/A", "sales_issue", date(2026, 6, 6), -20, -200, 200),
    ("r2", "C/B", "purchase_receipt", date(2026, 6, 1), 12, 60, None),
    ("r5", "C/B", "purchase_receipt", date(2026, 6, 11), 99, 990, None),
    ("x1", "D/A", "purchase_receipt", date(2026, 6, 1), 7, 70, None),
]
VOIDED = ("r9", "C/B", "purchase_receipt", date(2026, 6, 10), 1, 5, None)


def table(connection: duckdb.DuckDBPyConnection, name: str, rows: list[tuple[object, ...]]) -> None:
    connection.execute(f"""create or replace table {name} (movement_key varchar, item_id varchar, movement_type varchar, business_date date,
        quantity_units decimal(28, 6), cost_value decimal(24, 4), cogs_value decimal(24, 4), warehouse_id varchar default 'W',
        doc_no varchar default 'D', entered_at timestamptz, source_file varchar default 'f.csv', source_row bigint default 2,
        is_valued boolean default true, is_demand boolean, settlement_value decimal(24, 4) default 0,
        cogs_settlement_value decimal(24, 4) default 0)""")
    for row in rows:
        connection.execute(
            f"""insert into {name} (movement_key, item_id, movement_type, business_date, quantity_units, cost_value, cogs_value, is_demand)
                values (?, ?, ?, ?, ?, ?, ?, ?)""",
            [*row, row[2] == "sales_issue"],
        )


@pytest.fixture
def restated(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema intermediate; create schema ledger")
    table(connection, "then_rows", [*ROWS, VOIDED])
    file = tmp_path / "fct_stock_movements.parquet"
    connection.execute(f"copy then_rows to '{file}'")
    table(connection, "intermediate.int_ledger_movements", CHANGED)
    connection.execute(
        """create view ledger.movement_costs as select movement_key, cost_value, cogs_value, settlement_value,
               cogs_settlement_value from intermediate.int_ledger_movements"""
    )
    releases = [PastRelease("a-then", THEN, file), PastRelease("b-today", NOW, file)]
    assert write_restatements(connection, releases, NOW) == 1
    return connection


def test_then_and_now(restated: duckdb.DuckDBPyConnection) -> None:
    rows = restated.execute(
        """select kpi, value_then, value_now, late_change, corrected_change, voided_change, recosted_change, documents
           from ledger.restated_kpis where company_code = 'C'"""
    ).fetchall()
    found = {row[0]: tuple(float(value) for value in row[1:]) for row in rows}
    assert found["on_hand_units"] == (71, 52, -20, 2, -1, 0, 3)
    assert found["inventory_capital"] == (655, 410, -200, 10, -5, -50, 4)
    assert found["cogs_365"] == (400, 650, 200, 0, 0, 50, 2)
    # Ten days: 1050 held from the 1st, 400 gone from the 6th on (5 days), 5 more on the 10th.
    assert found["average_inventory_value_365"][:2] == (850.5, 735)
    assert found["inventory_turnover_365"][0] == pytest.approx(400 / 850.5 * 36.5, abs=1e-6)
    assert found["inventory_turnover_365"][1] == pytest.approx(650 / 735 * 36.5, abs=1e-6)


def test_the_documents_add_up_to_every_change(restated: duckdb.DuckDBPyConnection) -> None:
    """No part of a restated figure is left without a document."""
    for kpi in KPIS:
        change, parts, shares = restated.execute(
            f"""select change, late_change + corrected_change + voided_change + recosted_change,
                    (select sum({kpi}_change) from ledger.restatement_documents) from ledger.restated_kpis
                where kpi = '{kpi}' and company_code = 'C'"""
        ).fetchone() or (None, None, None)
        # Basis: each of five figures is rounded to six decimals (2026-11).
        assert abs(Decimal(change) - Decimal(parts)) <= Decimal("0.000003"), kpi
        assert float(change) == pytest.approx(float(shares), abs=1e-6), kpi
    kinds = dict(
        restated.execute("select movement_key, change_kind from ledger.restatement_documents order by all").fetchall()
    )
    assert kinds == {"r2": "corrected", "r9": "voided", "s1": "recosted", "s2": "late"}


def test_companies_are_not_added(restated: duckdb.DuckDBPyConnection) -> None:
    """The same item code in another company: figures of its own, moved by no document of the first."""
    found = restated.execute(
        """select value_then, value_now, documents from ledger.restated_kpis
           where company_code = 'D' and kpi in ('on_hand_units', 'inventory_capital') order by kpi"""
    ).fetchall()
    assert [tuple(map(float, row)) for row in found] == [(70, 70, 0), (7, 7, 0)]


def test_releases_of_recent_days_and_of_month_ends_count() -> None:
    days = [date(2026, 4, 30), date(2026, 5, 15), *(date(2026, 6, day) for day in range(1, 11))]
    releases = [PastRelease(f"{day}-{turn}", day, Path()) for day in days for turn in "ab"]
    chosen = chosen_releases(releases, date(2026, 6, 10))
    assert [one.as_of for one in chosen] == [date(2026, 4, 30), *(date(2026, 6, day) for day in range(3, 10))]
    assert all(one.release_id.endswith("b") for one in chosen), "the newest release of a day is what readers saw last"
