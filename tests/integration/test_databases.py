"""Real database servers as sources: values keep their meaning, one state of the data a run, clear errors without secrets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from mariadb import running_mariadb
from postgres import fresh_schema, running_server

from assets.ingest import stage
from assets.ingest.batches.register import register_landing
from assets.ingest.batches.report import ContractReport
from assets.ingest.live.extract import extract_sources
from assets.ingest.live.opening import open_source
from assets.ingest.live.reader import LiveReader
from assets.ingest.live.secrets import Secrets
from assets.ingest.live.sql_connection import database_url, open_database
from assets.ingest.mapping.language import Mapping
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

PASSWORD = "s3cret-p4ss"
DAY = dt.date(2024, 5, 6)
MAPPING = """
mapping: shop
version: 1
source_system: shop
datasets:
  - name: items
    contract: item
    table: items
    scope: key
    columns: {item_code: code, item_name: name, base_uom: uom, is_active: active, weight_kg: weight}
  - name: warehouses
    contract: warehouse
    table: warehouses
    scope: key
    columns: {warehouse_code: code, warehouse_name: name}
  - name: moves
    contract: stock_movement
    table: moves
    watermark: {kind: datetime, column: edited, overlap_minutes: 0}
    paging: {size: 50}
    scope: key
    columns:
      source_doc_type: {const: move}
      doc_no: number
      source_doc_id: number
      source_line_id: id
      movement_type: {const: purchase_receipt}
      business_date: day
      entered_at: entered
      item_code: item
      warehouse_code: warehouse
      quantity_units: quantity
"""
TYPES = {
    "postgresql": ("double precision", "boolean", "timestamptz", "timestamp"),
    "mysql": ("double", "boolean", "datetime(6)", "datetime(6)"),
}


class Database:
    """A database with some rows, and what is landed from it."""

    def __init__(self, url: sa.URL, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine, self.folder, self.monkeypatch = sa.create_engine(url, poolclass=sa.NullPool), folder, monkeypatch
        self.kind = url.get_backend_name()
        monkeypatch.setenv("STOCKTURN_SOURCE_SHOP_URL", url.render_as_string(False))
        self.file = folder / "shop.yml"
        self.file.write_text(MAPPING, encoding="utf-8")
        double, boolean, instant, moment = TYPES[self.kind]
        self.run(
            f"create table items (code varchar(20) primary key, name varchar(50), uom varchar(9), active {boolean}, weight {double})",
            "create table warehouses (code varchar(20) primary key, name varchar(50))",
            f"create table moves (id int primary key, number varchar(20), day date, entered {instant}, item varchar(20), "
            f"warehouse varchar(20), quantity numeric(28, 6), edited {moment})",
            "insert into items values ('001', '茶杯 100%', '只', true, 0.000001), ('002', '茶壶', '把', false, 1.1)",
            "insert into warehouses values ('W1', '主仓')",
            *(
                f"insert into moves values ({number}, 'D{number}', '2024-05-06', '2024-05-06 08:00:00', '001', 'W1', "
                f"{number}.000001, '2024-05-06 08:00:00')"
                for number in range(1, 121)
            ),
        )

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))

    @property
    def source(self) -> SourceSettings:
        return SourceSettings(name="shop", kind="sql", mapping=str(self.file), instance="b1", timezone="Asia/Shanghai")

    def read(self, day: dt.date = DAY) -> dict[str, ContractReport]:
        return ingest_all(self.folder / "ws", [self.source], day, ["item", "warehouse", "stock_movement"])

    def landed(self, sql: str, day: dt.date = DAY) -> list[tuple[Any, ...]]:
        connection = duckdb.connect()
        connection.execute("set TimeZone = 'UTC'")
        register_landing(connection, self.folder / "ws", day)
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Any]:
    with running_server() as server:
        yield server


@pytest.fixture(params=["postgresql", pytest.param("mysql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    if request.param == "postgresql":
        with fresh_schema(request.getfixturevalue("postgresql")) as url:
            yield Database(url, tmp_path, monkeypatch)
    else:
        with running_mariadb(PASSWORD) as text:
            yield Database(sa.make_url(text).set(drivername="mysql+pymysql"), tmp_path, monkeypatch)


def test_values_keep_their_meaning(database: Database) -> None:
    """Codes with zeros, decimals to the last digit, tiny numbers without exponent, booleans, instants and days."""
    reports = database.read()
    assert all(report.refusals == () and report.rows_quarantined == 0 for report in reports.values())
    assert database.landed("select item_code, item_name, is_active, weight_kg from landing.item order by 1") == [
        ("001", "茶杯 100%", True, Decimal("0.000001")),
        ("002", "茶壶", False, Decimal("1.1")),
    ]
    (row,) = database.landed(
        "select count(*), sum(quantity_units), min(business_date), min(entered_at) from landing.stock_movement"
    )
    # an instant with a zone is itself, one without is local time
    hour = 8 if database.kind == "postgresql" else 0
    assert row == (120, Decimal("7260.000120"), DAY, dt.datetime(2024, 5, 6, hour, tzinfo=dt.UTC))
    (lineage,) = database.landed(
        "select source_instance, source_file, ext from landing.stock_movement where source_line_id = '7'"
    )
    assert lineage[0] == "b1" and lineage[1].endswith("_moves.parquet") and lineage[2] == '{"_source_key":"7"}'


def test_one_run_sees_one_state_of_the_data(database: Database) -> None:
    """Rows that are written, changed and deleted while a run reads: all of them wait for the next run, in every table."""

    @contextmanager
    def busy(source: SourceSettings, mapping: Mapping) -> Iterator[LiveReader]:
        with open_source(source, mapping) as reader:
            prepare = reader.prepare

            def prepared(dataset: Any) -> Any:
                found = prepare(dataset)
                if dataset.name == "warehouses":
                    database.run(
                        "update moves set quantity = 0, edited = '2024-05-06 09:00:00' where id <= 60",
                        "delete from moves where id = 61",
                        "insert into warehouses values ('W2', 'late')",
                    )
                return found

            reader.prepare = prepared  # type: ignore[method-assign]
            yield reader

    source = database.source.in_workspace(database.folder / "ws")
    assert extract_sources([source], DAY, ["item", "warehouse", "stock_movement"], opening=busy) == {}
    with database.monkeypatch.context() as patch:
        patch.setattr(stage, "extract_sources", lambda *arguments: {})
        database.read()
    assert database.landed("select count(*), sum(quantity_units) from landing.stock_movement") == [
        (120, Decimal("7260.000120"))
    ]
    assert database.landed("select count(*) from landing.warehouse") == [(1,)]
    later = DAY + dt.timedelta(days=1)
    database.read(later)
    (row,) = database.landed("select count(*), count(*) filter (quantity_units = 0) from landing.stock_movement", later)
    assert row == (119, 60) and database.landed("select count(*) from landing.warehouse", later) == [(2,)]


def test_the_reader_cannot_write(database: Database) -> None:
    with open_database(Secrets("shop")) as connection, pytest.raises(sa.exc.DBAPIError):
        connection.exec_driver_sql("delete from moves")
    database.read()
    assert database.landed("select count(*) from landing.stock_movement") == [(120,)]


def test_one_broken_table_does_not_stop_the_others(database: Database) -> None:
    database.read()
    database.run("alter table moves drop column quantity", "insert into warehouses values ('W2', 'zwei')")
    later = DAY + dt.timedelta(days=1)
    reports = database.read(later)
    (refusal,) = reports["stock_movement"].refusals
    assert "table moves has no column 'quantity'" in refusal and "moves" in refusal
    assert database.landed("select count(*) from landing.warehouse", later) == [(2,)]
    assert database.landed("select count(*) from landing.stock_movement", later) == [(120,)], "what was landed stays"
    database.run("drop table warehouses")
    (refusal,) = database.read(later + dt.timedelta(days=1))["warehouse"].refusals
    assert "has no table warehouses" in refusal


def test_a_database_that_is_down_or_refuses_is_one_sentence_without_the_password(database: Database) -> None:
    database.read()
    for changes in ({"port": 1}, {"username": "nobody_knows_me"}, {"database": "nowhere"}):
        url = sa.make_url(database_url(Secrets("shop"))).set(password=PASSWORD, **changes)
        with database.monkeypatch.context() as patch:
            patch.setenv("STOCKTURN_SOURCE_SHOP_URL", url.render_as_string(False))
            for report in database.read(DAY + dt.timedelta(days=1)).values():
                (refusal,) = report.refusals
                assert "cannot be reached" in refusal and "STOCKTURN_SOURCE_SHOP_URL" in refusal
    for path in (database.folder / "ws").rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path
    assert database.landed("select count(*) from landing.stock_movement", DAY + dt.timedelta(days=1)) == [(120,)]


def test_an_edit_and_a_deletion_arrive(database: Database) -> None:
    database.read()
    database.run(
        "update moves set quantity = 5, edited = '2024-05-07 10:00:00' where id = 3", "delete from moves where id = 4"
    )
    later = DAY + dt.timedelta(days=1)
    report = database.read(later)["stock_movement"]
    assert report.rows_in == 3, "the edited row as it was and as it is, and the one that is gone"
    (row,) = database.landed("select count(*), sum(quantity_units) from landing.stock_movement", later)
    assert row == (119, Decimal("7260.000120") - Decimal("3.000001") + 5 - Decimal("4.000001"))
