"""The daily run of the ledger in a warehouse: continued or computed anew, the tables are the same; and it says which it did and why.

Prevents: a state continued where it does not fit, and rows of an altered or vanished document that stay behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from ledger_random import random_rows

from assets.ledger import daily, warehouse
from assets.ledger.daily import run_ledger
from assets.ledger.merge import content_hash
from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import compute
from assets.ledger.tables import LedgerTables

BEGIN = date(2025, 7, 28)
SETTINGS = LedgerSettings()


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create schema intermediate")
        yield opened


def show(connection: duckdb.DuckDBPyConnection, movements: pa.Table) -> None:
    """Put movements where dbt would, numbered anew as dbt would."""
    plain = movements.drop_columns(["movement_sequence", "entered_date"])
    numbered = plain.append_column("movement_sequence", pa.array(range(1, len(plain) + 1), pa.int64()))
    connection.register("_movements", numbered)
    connection.execute(f"create or replace table {warehouse.MOVEMENTS} as select * from _movements")


def shown(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    return connection.execute(f"from {warehouse.MOVEMENTS}").to_arrow_table()


def published(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    names = ("open_layers", "movement_costs", "value_entries", "conservation", "transit_layers", "transit_conservation")
    return content_hash(LedgerTables(*(connection.execute(f"from ledger.{name}").to_arrow_table() for name in names)))


def test_days_continued_equal_a_run_from_the_start(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Late documents, one that vanishes, one whose quantity and one whose item was corrected: every day equals the whole."""
    table = random_rows(7, 900, items=60, entered=True)
    for step in range(7):
        day = BEGIN + timedelta(days=step)
        known = table.filter(pc.less_equal(table["entered_date"], pa.scalar(day, pa.date32())))
        sold = known.filter(pc.equal(known["movement_type"], "sales_issue"))["movement_key"]
        if step >= 2:
            known = known.filter(pc.not_equal(known["movement_key"], sold[3].as_py()))
        if step >= 3:
            wrong = pc.equal(known["movement_key"], sold[40].as_py())
            halved = pc.if_else(wrong, pa.scalar(-1).cast(known["quantity_units"].type), known["quantity_units"])
            known = known.set_column(known.column_names.index("quantity_units"), "quantity_units", halved)
        if step >= 4:
            wrong = pc.equal(known["movement_key"], sold[60].as_py())
            other = pc.if_else(wrong, "C/I000", known["item_id"].cast(pa.string()))
            known = known.set_column(known.column_names.index("item_id"), "item_id", other)
        show(connection, known)
        outcome = run_ledger(connection, tmp_path, as_of=day, settings=SETTINGS)
        assert outcome.is_incremental == (step > 0), outcome.reason
        whole = compute(shown(connection), as_of=day, settings=SETTINGS)
        assert published(connection) == content_hash(whole), f"{day} differs"


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
    """The state of the dead run is newer than the tables: going on from it would count its day twice, or not at all."""
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


def _fail(*_: object) -> None:
    raise RuntimeError("power cut")
