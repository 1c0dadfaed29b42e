"""A run executes what dbt compiled; dbt's own runner must come to the same tables."""

from __future__ import annotations

from pathlib import Path

import duckdb

from assets.publish.content import content_hash, quoted
from orchestration.dbt_runner import build
from orchestration.sql_run import NodeResult

PARTS = ["fqn:stockturn.staging", "fqn:stockturn.intermediate", "fqn:stockturn.marts", "fqn:stockturn.reconciliation"]


def _hashes(path: Path) -> dict[str, tuple[int, str]]:
    with duckdb.connect(str(path)) as connection:
        relations = connection.execute(
            """select table_schema, table_name from information_schema.tables
               where table_schema in ('staging', 'intermediate', 'marts', 'reconciliation')"""
        ).fetchall()
        return {name: content_hash(connection, f"{quoted(schema)}.{quoted(name)}") for schema, name in relations}


def test_a_run_builds_what_dbt_builds(built: Path, copy_of_built: Path) -> None:
    results = build(copy_of_built, [*PARTS, "resource_type:seed"])
    assert [result for result in results if not result.is_good] == []
    tests = sum(result.kind == "test" for result in results)
    assert tests >= 80 and len(results) - tests >= 90
    assert _hashes(copy_of_built) == _hashes(built)


def test_a_run_stops_where_dbt_stops(copy_of_built: Path) -> None:
    """One millionth of a unit lost between ledger and balance must stop what is built on it."""
    with duckdb.connect(str(copy_of_built)) as connection:
        connection.execute("update ledger.conservation set closing_units = closing_units + 0.000001")
    by_name = {result.name: result for result in build(copy_of_built, PARTS[2:])}
    failed: NodeResult = by_name["fct_conservation_is_closed"]
    assert failed.status == "fail" and "item_id C/A1" in failed.message
    assert by_name["rec_findings_stock"].status == "skipped"
