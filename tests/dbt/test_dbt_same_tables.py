"""A run executes what dbt compiled; dbt's own runner must come to the same tables."""

from __future__ import annotations

from pathlib import Path

import duckdb

from assets.publish.content import content_hash, quoted
from orchestration.dbt_runner import build

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
