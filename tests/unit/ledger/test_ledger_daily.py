"""The daily run of the ledger in a warehouse: continued or computed from the start, the tables are the same; it says which, and why.

Prevents: a state continued where it does not fit, and rows of an altered or vanished document that stay behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from ledger_days import BEGIN, corrected_days, show, tied_days
from ledger_random import random_rows

from assets.ledger import daily, spool, warehouse
from assets.ledger.daily import run_ledger
from assets.ledger.merge import content_hash
from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import compute
from assets.ledger.state import LedgerState
from assets.ledger.tables import LedgerTables

SETTINGS = LedgerSettings()


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create schema intermediate")
        opened.execute("create schema staging")
        yield opened


def show_standards(connection: duckdb.DuckDBPyConnection, raised: float) -> pa.Table:
    """Item costs as staging has them: a standard that changes in time, and rows that are no standard; returns the standards.

    `raised` is what the first standard of one item reads now.
    """
    connection.execute(
        f"""
        create or replace table {warehouse.STANDARDS} as
        select 'C/I' || lpad(cast(item as varchar), 3, '0') as item_id, '' as variant_key, 'company' as cost_scope, '' as scope_code,
            '' as lot_no, day as effective_date, case when item % 2 = 0 then 'standard' end as cost_method,
            cast(case when item = 9 and month(day) = 1 then {raised} else 5 + item + month(day) / 10.0 end as decimal(28, 8)) as unit_cost,
            'erp' as source_instance
        from range(60) as items(item), (values (date '2025-01-01'), (date '2025-07-30'), (date '2026-01-01')) as days(day)
        where item < 6 or day <> date '2025-07-30'
        """
    )
    standards = connection.execute(
        f"select item_id, effective_date, unit_cost from {warehouse.STANDARDS}"
    ).to_arrow_table()
    # What the averages of the source were, what a lot cost, what a second source says.
    for change in ("cost_method: 'moving_average'", "cost_scope: 'lot', lot_no: 'L1'", "source_instance: 'other'"):
        replaced = ", ".join("{1} as {0}".format(*part.split(": ")) for part in change.split(", "))
        connection.execute(
            f"""
            insert into {warehouse.STANDARDS} by name
            select * replace (unit_cost + 99 as unit_cost, {replaced}) from {warehouse.STANDARDS} where source_instance = 'erp'
            """
        )
    return standards


def shown(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    return connection.execute(f"from {warehouse.MOVEMENTS}").to_arrow_table()


def published(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return content_hash(
        LedgerTables(*(connection.execute(f"from ledger.{name}").to_arrow_table() for name in warehouse.TABLES))
    )


@pytest.mark.parametrize(
    ("settings", "rows_per_bucket", "in_memory"),
    [(SETTINGS, 10**6, 10**6), (SETTINGS, 100, 0), (LedgerSettings(cost="standard"), 100, 10**6)],
    ids=["one-bucket", "buckets-spooled", "standard-costs"],
)
def test_days_continued_equal_a_run_from_the_start(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: LedgerSettings,
    rows_per_bucket: int,
    in_memory: int,
) -> None:
    """Late documents, one that vanishes, one whose quantity and one whose item was corrected, a standard changed backwards: every day
    equals the whole, however the items are dealt out."""
    monkeypatch.setattr(spool, "IN_MEMORY", in_memory)
    moved = 0
    for step, (day, known) in enumerate(corrected_days()):
        show(connection, known)
        standards = show_standards(connection, raised=14.5 if step >= 5 else 14.1)
        outcome = run_ledger(connection, tmp_path, as_of=day, settings=settings, rows_per_bucket=rows_per_bucket)
        assert outcome.is_incremental == (step > 0), outcome.reason
        moved += outcome.restated_items
        whole = compute(shown(connection), as_of=day, settings=settings, standard_costs=standards)
        assert published(connection) == content_hash(whole), f"{day} differs"
    assert 20 < moved < 7 * 60 * 0.8, "nothing was corrected, or everything was computed again"


def test_standard_costs_reach_the_ledger(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A company that values by standard: its stock is at the standard of the day, not at what was paid or at nothing."""
    show(connection, random_rows(7, 300, items=60, entered=True))
    show_standards(connection, raised=14.5)
    run_ledger(connection, tmp_path, as_of=BEGIN, settings=LedgerSettings(cost="standard"))
    item, stock, cost = connection.execute(
        f"""
        select item_id, sum(quantity_units) as stock, round(sum(layer_value) / stock, 4)
        from ledger.open_layers where snapshot_date = date '{BEGIN}' and item_id <> 'C/I009'
        group by all having stock > 0 order by stock desc limit 1
        """
    ).fetchall()[0]
    assert cost == pytest.approx(5 + int(item[-3:]) + 0.1), f"{item}: {stock} units"


def test_a_conversion_that_ties_items_of_two_buckets(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Repacking into an item of another bucket moves its state there; a late second leg restates the item of the first."""
    for day, table in tied_days():
        connection.register("_rows", table)
        connection.execute(f"create or replace table {warehouse.MOVEMENTS} as select * from _rows")
        outcome = run_ledger(connection, tmp_path, as_of=day, settings=SETTINGS, rows_per_bucket=10)
        assert outcome.is_incremental == (day.day > 28)
        assert outcome.restated_items == {28: 40, 30: 2}.get(day.day, 0)
        assert published(connection) == content_hash(compute(table, as_of=day, settings=SETTINGS)), f"{day} differs"


def test_what_does_not_fit_is_computed_anew(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(connection, random_rows(3, 200, entered=True))

    def run(settings: LedgerSettings = SETTINGS, as_of: date = BEGIN) -> tuple[bool, str]:
        outcome = run_ledger(connection, tmp_path, as_of=as_of, settings=settings)
        return outcome.is_incremental, outcome.reason

    assert run() == (False, "the warehouse is new")
    assert run() == (True, f"continued from {BEGIN}")
    assert run(as_of=BEGIN - timedelta(days=1)) == (
        False,
        f"the saved state is of {BEGIN}, later than {BEGIN - timedelta(days=1)}",
    )
    assert run(LedgerSettings(ageing="resetting")) == (False, "the code or the settings of the ledger have changed")
    monkeypatch.setattr(daily, "package_stamp", lambda: "another kernel")
    assert run(LedgerSettings(ageing="resetting")) == (False, "the code or the settings of the ledger have changed")
    (tmp_path / "state.json").unlink()
    assert run(LedgerSettings(ageing="resetting")) == (
        False,
        "there is no saved state for the tables of this warehouse",
    )
    show(connection, random_rows(4, 200, entered=True))
    is_incremental, reason = run(LedgerSettings(ageing="resetting"))
    assert not is_incremental and reason.endswith("must be computed again")


def test_a_run_that_dies_while_writing_is_not_continued(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state of the dead run is newer than the tables: continuing from it would count its day twice, or not at all."""
    table = random_rows(5, 200, entered=True)
    show(connection, table)
    run_ledger(connection, tmp_path, as_of=BEGIN, settings=SETTINGS)
    before = published(connection)
    with monkeypatch.context() as broken, pytest.raises(RuntimeError, match="power"):
        broken.setattr(warehouse, "remember", _fail)
        run_ledger(connection, tmp_path, as_of=BEGIN + timedelta(days=1), settings=SETTINGS)
    assert published(connection) == before
    outcome = run_ledger(connection, tmp_path, as_of=BEGIN + timedelta(days=1), settings=SETTINGS)
    assert (outcome.is_incremental, outcome.reason) == (
        False,
        "there is no saved state for the tables of this warehouse",
    )


def test_a_state_that_is_damaged_on_the_disk_is_not_continued(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A flipped bit in a file of any table, and a torn head: everything is computed, and the tables are those of a whole run."""
    table = random_rows(6, 400, items=30, entered=True)
    next_day = BEGIN + timedelta(days=1)
    show(connection, table)
    run_ledger(connection, tmp_path / "whole", as_of=next_day, settings=SETTINGS)
    wanted = published(connection)

    def after(damage: Callable[[Path], None], name: str) -> tuple[bool, str]:
        connection.execute("drop schema ledger cascade")
        run_ledger(connection, tmp_path / "state", as_of=BEGIN, settings=SETTINGS, rows_per_bucket=200)
        damage(next((tmp_path / "state").glob(name)))
        outcome = run_ledger(connection, tmp_path / "state", as_of=next_day, settings=SETTINGS)
        assert published(connection) == wanted, name
        return outcome.is_incremental, outcome.reason

    assert after(lambda path: None, "state.json")[0]
    tables = {path.relative_to(path.parents[1]).as_posix() for path in (tmp_path / "state").glob("state-*/1/*.arrow")}
    assert {Path(name).stem for name in tables} == {field.name for field in fields(LedgerState)} - {
        "as_of",
        "fingerprint",
    }
    for number, name in enumerate(sorted(tables)):
        damage = (_flip_a_bit, _cut)[number % 2]
        assert after(damage, f"state-*/{name}") == (False, f"{name} of the saved state is damaged")
    for damage in (_flip_a_bit, _cut):
        assert after(damage, "state.json") == (False, "state.json of the saved state is damaged")


def _flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _fail(*_: object) -> None:
    raise RuntimeError("power cut")
