"""A release of any size with every published column, for measuring readers; its figures mean nothing.

Columns and types are those of the published schema (tests/unit/publish/published_schema.json); what a page filters,
groups or sorts by is filled with a realistic spread (few hot items, long tails), the rest is null.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from assets.publish.content import quoted
from assets.publish.releases import Release, build_release, switch_current

SCHEMA = Path(__file__).resolve().parents[1] / "tests" / "unit" / "publish" / "published_schema.json"
AS_OF = "2026-06-30"
CATEGORIES = 40


def size_options(benchmark: str, rounds: int, arguments: list[str]) -> argparse.Namespace:
    """Options of a benchmark that reads such a release: its size, how many rounds, whether the figures are kept."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {benchmark}")
    parser.add_argument("--item-warehouses", type=int, default=100_000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--save", action="store_true", help="keep the figures in benchmarks/results")
    return parser.parse_args(arguments)


def write_release(folder: Path, item_warehouses: int, months: int, seed: int = 7) -> Release:
    """Build and switch to a release with `item_warehouses` x `months` of turnover, ageing, service and balances."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))["schema"]
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute("create schema marts; create schema reconciliation")
        connection.execute(f"create table spine as {_spine(item_warehouses, seed)}")
        connection.execute(f"create table months as {_months(months)}")
        for mart, parts in _marts().items():
            _create(connection, mart, schema[f"marts.{mart}"], parts["from"], parts["columns"])
        connection.execute("drop table spine; drop table months")
        facts = {"as_of_date": AS_OF, "built_at": f"{AS_OF}T20:00:00+00:00", "accounting": {}, "findings": []}
        release = build_release(connection, folder, "synthetic", facts)
    switch_current(folder, release.release_id)
    return release


def _create(
    connection: duckdb.DuckDBPyConnection, mart: str, columns: Mapping[str, str], source: str, values: Mapping[str, str]
) -> None:
    unknown = sorted(values.keys() - columns.keys())
    if unknown:
        raise ValueError(f"{mart} has no column {', '.join(unknown)} any more")
    listed = ", ".join(
        f"cast({values.get(name, 'null')} as {kind}) as {quoted(name)}" for name, kind in columns.items()
    )
    connection.execute(f"create table marts.{quoted(mart)} as select {listed} from {source}")


def _random(seed: int, salt: str, key: str = "n") -> str:
    """A number in [0, 1) that depends on the row and the salt only."""
    return f"(hash({key}, '{salt}', {seed}) % 1000003 / 1000003.0)"


def _spine(item_warehouses: int, seed: int) -> str:
    item = "(n // 5)"  # five warehouses an item
    size = f"pow({_random(seed, 'size')}, 4)"
    return f"""
        select n, 'C/' || lpad({item}::varchar, 6, '0') as item_id,
            'C/W' || lpad(({item} % 4 * 5 + n % 5)::varchar, 2, '0') as warehouse_id,
            lpad({item}::varchar, 6, '0') as item_code, '存货 ' || {item} as item_name,
            '类别' || ({item} % {CATEGORIES}) as category_name,
            '责任人' || ({item} % 12) as owner_name,
            {size} * 400 + 5 as daily_value, {size} * 20 + 0.2 as daily_units,
            {_random(seed, "abc")} as abc_draw, {_random(seed, "xyz")} as xyz_draw, {_random(seed, "idle")} as idle_draw
        from range({item_warehouses}) t(n)"""


def _months(months: int) -> str:
    return f"""
        select m, (date_trunc('month', date '{AS_OF}') - to_months(m::int))::date as month_start_date,
            last_day((date_trunc('month', date '{AS_OF}') - to_months(m::int))::date) as month_end_date
        from range({months}) t(m)"""


def _marts() -> dict[str, dict[str, Any]]:
    """Per mart: what it is selected `from`, and the `columns` that are filled."""
    path = Path(__file__).with_name("synthetic_marts.yml")
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))
