"""Incremental reading of a database: whatever happens between runs, what is landed equals one full reload."""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
from pathlib import Path

import duckdb
import pytest

from assets.ingest.batches.register import register_landing
from assets.ingest.batches.report import ContractReport
from assets.ingest.contracts import ingest_order, load_contracts
from assets.ingest.errors import IngestError
from assets.ingest.live import extract as extract_module
from assets.ingest.live.folder import DatasetFolder
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all, resync

MAPPING = """
mapping: shop_db
version: 1
source_system: shop_erp
enums:
  kinds: {入库: purchase_receipt, 出库: sales_issue, 调拨: transfer_out, _default: fail}
datasets:
  - name: items
    contract: item
    table: items
    scope: key
    columns: {item_code: code, item_name: name, base_uom: uom}
  - name: warehouses
    contract: warehouse
    table: warehouses
    scope: full
    columns: {warehouse_code: code, warehouse_name: name}
  - name: movements
    contract: stock_movement
    table: lines
    join: [{table: headers, as: h, by: {id: header_id}}]
    watermark: WATERMARK
    scope: key
    where: "h.state <> '作废'"
    columns:
      source_doc_type: h.kind
      doc_no: h.number
      source_doc_id: h.number
      source_line_id: line_no
      business_date: h.day
      item_code: item
      source_updated_at: {from: edited, optional: true}
    rows:
      - columns: {movement_type: {from: h.kind, enum: kinds}, warehouse_code: warehouse, quantity_units: {from: quantity}}
      - where: "h.kind = '调拨'"
        columns:
          leg: {const: 2}
          movement_type: {const: transfer_in}
          warehouse_code: to_warehouse
          quantity_units: {expr: "-quantity"}
  - name: stock
    contract: stock_on_hand
    table: stock
    source: {kind: sql, key: [item, warehouse]}
    scope: period
    columns: {as_of_date: _extract_date, item_code: item, warehouse_code: warehouse, on_hand_units: quantity}
"""
HEAD, _, REST = MAPPING.partition("  - name: items")
MOVEMENTS = HEAD + "  - name: movements" + REST.partition("  - name: movements")[2].partition("  - name: stock")[0]
DATETIME = "{kind: datetime, column: [edited, h.edited], reprocess_column: h.day, reprocess_days: 5}"
ROWVERSION = "{kind: rowversion, column: [version, h.version]}"
SCHEMA = """
create table items (code text primary key, name text, uom text);
create table warehouses (code text primary key, name text);
create table headers (id integer primary key, number text, kind text, state text, day date, edited datetime, version integer);
create table lines (id integer primary key, header_id integer, line_no integer, item text, warehouse text,
    to_warehouse text, quantity numeric, edited datetime, version integer);
create table stock (item text, warehouse text, quantity numeric);
"""
FIRST = dt.date(2024, 3, 1)


class Shop:
    """A database that people work in, and a workspace that follows it."""

    def __init__(self, folder: Path, mapping: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file = folder / "shop.db"
        self.database = sqlite3.connect(self.file)
        self.database.executescript(SCHEMA)
        self.mapping = folder / "shop_db.yml"
        self.mapping.write_text(mapping, encoding="utf-8")
        self.folder, self.version = folder, 0
        self.random = random.Random(7)
        monkeypatch.setenv("STOCKTURN_SOURCE_SHOP_URL", f"sqlite:///{self.file}")
        for item in range(1, 7):
            self.database.execute("insert into items values (?, ?, '只')", (f"{item:03d}", f"item {item}"))
        for code in ("W1", "W2"):
            self.database.execute("insert into warehouses values (?, ?)", (code, code))
        for item in range(1, 4):
            self.database.execute("insert into stock values (?, 'W1', 5)", (f"{item:03d}",))
        self.database.commit()

    @property
    def source(self) -> SourceSettings:
        return SourceSettings(name="shop", kind="sql", mapping=str(self.mapping), instance="book1", company_code="C")

    def stamp(self, day: dt.date) -> tuple[str, int]:
        self.version += 1
        return f"{day} 18:00:00.{self.version:06d}", self.version

    def document(self, day: dt.date, entered: dt.date, lines: int = 3) -> None:
        edited, version = self.stamp(entered)
        kind = self.random.choice(["入库", "出库", "调拨"])
        cursor = self.database.execute(
            "insert into headers (number, kind, state, day, edited, version) values (?, ?, '已审', ?, ?, ?)",
            (f"D{version:05d}", kind, str(day), edited, version),
        )
        for number in range(1, lines + 1):
            sign = 1 if kind == "入库" else -1
            self.database.execute(
                "insert into lines (header_id, line_no, item, warehouse, to_warehouse, quantity, edited, version) "
                "values (?, ?, ?, 'W1', 'W2', ?, ?, ?)",
                (
                    cursor.lastrowid,
                    number,
                    f"{self.random.randint(1, 6):03d}",
                    sign * self.random.randint(1, 40) / 4,
                    edited,
                    version,
                ),
            )

    def work(self, day: dt.date) -> None:
        """One day: new documents, a back-dated one, late edits of lines and headers, cancelling, renumbering, deleting."""
        for _ in range(4):
            self.document(day, day)
        self.document(day - dt.timedelta(days=20), day)
        edited, version = self.stamp(day)
        choose = "(select id from {} where id % 7 = ?)"
        part = self.random.randint(0, 6)
        self.database.execute(
            f"update lines set quantity = quantity * 2, edited = ?, version = ? where id in {choose.format('lines')}",
            (edited, version, part),
        )
        for change in ("state = '作废'", "kind = '调拨'", "number = number || 'x'", "day = date(day, '-3 days')"):
            self.database.execute(
                f"update headers set {change}, edited = ?, version = ? where id % 11 = ?",
                (edited, version, self.random.randint(0, 10)),
            )
        self.database.execute("delete from lines where id % 13 = ?", (self.random.randint(0, 12),))
        self.database.execute("update items set name = name || '!' where code = '003'")
        self.database.execute("update stock set quantity = quantity + 1")
        self.database.commit()

    def read(self, day: dt.date, workspace: str = "daily") -> dict[str, ContractReport]:
        fed = {dataset.contract for dataset in load_mapping(str(self.mapping)).datasets}
        names = [name for name in ingest_order(load_contracts()) if name in fed]
        reports = ingest_all(self.folder / workspace, [self.source], day, names)
        assert all(report.is_closed for report in reports.values())
        return reports

    def landed(
        self, day: dt.date, contract: str = "stock_movement", workspace: str = "daily"
    ) -> list[tuple[object, ...]]:
        connection = duckdb.connect()
        register_landing(connection, self.folder / workspace, day)
        columns = ", ".join(f'"{name}"' for name in load_contracts()[contract].columns)
        return connection.execute(
            f"select {columns}, source_key, is_deleted from landing.{contract} order by all"
        ).fetchall()

    def state_files(self, dataset: str = "movements") -> list[str]:
        state = DatasetFolder(self.folder / "daily" / "extracts" / "shop", dataset).state()
        assert state is not None
        return list(state.files)


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, MAPPING.replace("WATERMARK", DATETIME), monkeypatch)


@pytest.fixture
def dated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Movements alone: what is tried here has nothing to do with masters."""
    return Shop(tmp_path, MOVEMENTS.replace("WATERMARK", DATETIME), monkeypatch)


def follow(shop: Shop, days: int) -> dt.date:
    """Work and read day by day, then once more from nothing; returns the last day."""
    for number in range(days):
        day = FIRST + dt.timedelta(days=number)
        shop.work(day)
        shop.read(day)
    last = FIRST + dt.timedelta(days=days - 1)
    shop.read(last, "reload")
    assert any("1removed" in name for name in shop.state_files())
    daily, reload = shop.landed(last), shop.landed(last, workspace="reload")
    assert daily == reload and reload
    return last


def test_ten_incremental_days_equal_one_full_reload(dated: Shop) -> None:
    """Late edits, cancellations, other keys, more legs and deletions: nothing of an older state may survive."""
    follow(dated, 11)


def test_masters_and_snapshots_follow_too(whole: Shop) -> None:
    last = follow(whole, 3)
    for contract in ("item", "warehouse"):
        daily, reload = whole.landed(last, contract), whole.landed(last, contract, "reload")
        assert daily == reload and reload, contract
    assert len({row[0] for row in whole.landed(last, "stock_on_hand")}) == 3, "a snapshot is kept for every day"


@pytest.mark.slow
@pytest.mark.parametrize("watermark", [ROWVERSION, "{kind: full}"], ids=["rowversion", "full"])
def test_other_watermarks_end_there_too(watermark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(Shop(tmp_path, MOVEMENTS.replace("WATERMARK", watermark), monkeypatch), 3)


def test_a_later_run_reads_only_what_changed(dated: Shop) -> None:
    dated.work(FIRST)
    dated.read(FIRST)
    before = dated.read(FIRST + dt.timedelta(days=1))["stock_movement"]
    assert before.rows_in == 0, "nothing happened, so nothing is landed"
    dated.document(FIRST, FIRST + dt.timedelta(days=2), lines=1)
    dated.database.commit()
    assert dated.read(FIRST + dt.timedelta(days=2))["stock_movement"].rows_in == 1


def test_an_edit_that_moves_no_watermark_is_found_in_the_open_period(dated: Shop) -> None:
    dated.work(FIRST)
    dated.read(FIRST)
    dated.database.execute("update lines set quantity = 999 where id = 1")
    dated.database.commit()
    day = FIRST + dt.timedelta(days=1)
    dated.read(day)
    assert any(999 in row or -999 in row for row in dated.landed(day))


def test_a_row_that_slipped_through_is_found_by_its_key(dated: Shop) -> None:
    """A document committed late has a time before the last watermark and a day outside the open period."""
    dated.work(FIRST)
    dated.read(FIRST)
    count = len(dated.landed(FIRST))
    dated.document(FIRST - dt.timedelta(days=90), FIRST - dt.timedelta(days=60), lines=1)
    dated.database.commit()
    dated.read(FIRST + dt.timedelta(days=1))
    assert len(dated.landed(FIRST + dt.timedelta(days=1))) > count


def test_a_past_day_is_not_read_again_from_a_source_that_has_moved_on(dated: Shop) -> None:
    dated.work(FIRST)
    dated.read(FIRST)
    dated.work(FIRST + dt.timedelta(days=1))
    dated.read(FIRST - dt.timedelta(days=1))
    assert len(dated.state_files()) == 1


def test_a_killed_run_goes_on_where_it_stopped(dated: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after two parts: the next run keeps them, reads on, and takes what changed in between."""
    text = MAPPING.replace("WATERMARK", DATETIME).replace(
        "    scope: key\n    where", "    paging: {size: 4}\n    scope: key\n    where"
    )
    dated.mapping.write_text(text, encoding="utf-8")
    for _ in range(8):
        dated.document(FIRST, FIRST)
    dated.database.commit()
    real, parts = DatasetFolder.add_part, []

    def killed(self: DatasetFolder, *arguments: object) -> object:
        if self.dataset == "movements" and len(parts) == 2:
            raise KeyboardInterrupt
        progress = real(self, *arguments)  # type: ignore[arg-type]
        if self.dataset == "movements":
            parts.append(progress)
        return progress

    monkeypatch.setattr(DatasetFolder, "add_part", killed)
    with pytest.raises(KeyboardInterrupt):
        dated.read(FIRST)
    monkeypatch.setattr(DatasetFolder, "add_part", real)
    edited, version = dated.stamp(FIRST)
    dated.database.execute("update lines set quantity = 777, edited = ?, version = ? where id = 2", (edited, version))
    dated.database.commit()
    read: list[object] = []

    def counted(self: DatasetFolder, progress: object, headers: object, batch: object, reading: int) -> object:
        if self.dataset == "movements":
            read.append((reading, len(batch.keys)))  # type: ignore[attr-defined]
        return real(self, progress, headers, batch, reading)  # type: ignore[arg-type]

    monkeypatch.setattr(DatasetFolder, "add_part", counted)
    dated.read(FIRST)
    assert sum(rows for reading, rows in read if reading == 0) == 24 - 8, "what was read before the break is kept"
    dated.read(FIRST, "reload")
    assert dated.landed(FIRST) == dated.landed(FIRST, workspace="reload")
    assert any(
        abs(value) == 777
        for row in dated.landed(FIRST)
        for value in row
        if isinstance(value, (int, float)) or hasattr(value, "quantize")
    )


def test_a_run_killed_before_the_state_is_written_leaves_nothing(dated: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    dated.work(FIRST)

    def killed(self: DatasetFolder, state: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DatasetFolder, "commit", killed)
    with pytest.raises(KeyboardInterrupt):
        dated.read(FIRST)
    monkeypatch.undo()
    monkeypatch.setenv("STOCKTURN_SOURCE_SHOP_URL", f"sqlite:///{dated.file}")
    dated.read(FIRST)
    dated.read(FIRST, "reload")
    assert dated.landed(FIRST) == dated.landed(FIRST, workspace="reload")


def test_a_mapping_that_reads_other_columns_starts_from_a_new_baseline(dated: Shop) -> None:
    dated.work(FIRST)
    dated.read(FIRST)
    text = dated.mapping.read_text(encoding="utf-8").replace("version: 1", "version: 2")
    dated.mapping.write_text(text.replace("source_doc_id: h.number", "source_doc_id: h.id"), encoding="utf-8")
    day = FIRST + dt.timedelta(days=1)
    dated.read(day)
    dated.read(day, "reload")
    assert dated.landed(day) == dated.landed(day, workspace="reload")
    assert [name.split("_")[2] for name in dated.state_files()] == ["0baseline"]


def test_a_source_that_suddenly_has_no_rows_is_an_error_not_a_deletion(whole: Shop) -> None:
    whole.work(FIRST)
    whole.read(FIRST)
    landed = whole.landed(FIRST, "item")
    whole.database.execute("delete from items")
    whole.database.commit()
    day = FIRST + dt.timedelta(days=1)
    report = whole.read(day)["item"]
    assert any("gave no row at all" in refusal for refusal in report.refusals)
    assert whole.landed(day, "item") == landed


def test_masters_come_first() -> None:
    order = ingest_order(load_contracts())
    assert order.index("item") < order.index("stock_movement")
    assert extract_module.extract_sources([], FIRST, order) == {}


def test_a_resync_finds_what_the_watermark_did_not_show(dated: Shop) -> None:
    for number in range(3):
        day = FIRST + dt.timedelta(days=number)
        dated.work(day)
        dated.read(day)
    later = day + dt.timedelta(days=20)  # beyond the window that is read again
    dated.read(later)
    old = f"select min(id) from lines where edited < '{FIRST + dt.timedelta(days=1)}'"
    dated.database.execute(f"update lines set quantity = 99 where id = ({old})")  # no watermark moves
    dated.database.commit()
    quantities = list(load_contracts()["stock_movement"].columns).index("quantity_units")

    def is_seen(day: dt.date) -> bool:
        return any(abs(float(str(row[quantities]))) == 99 for row in dated.landed(day))

    dated.read(later + dt.timedelta(days=1))
    assert not is_seen(later + dt.timedelta(days=1))
    assert resync(dated.folder / "daily", [dated.source], "shop") == ["shop/movements"]
    last = later + dt.timedelta(days=2)
    dated.read(last)
    assert is_seen(last)
    dated.read(last, "reload")
    assert dated.landed(last) == dated.landed(last, workspace="reload")


def test_a_resync_of_what_is_no_live_source_is_one_sentence(dated: Shop) -> None:
    files = SourceSettings(name="files", kind="file", mapping=str(dated.mapping), path=dated.folder, instance="x")
    for name, dataset, said in (
        ("files", "", "is a folder of files"), ("shap", "", "is not in the configuration"), ("shop", "lines", "has no dataset 'lines'"),
    ):  # fmt: skip
        with pytest.raises(IngestError, match=said):
            resync(dated.folder / "daily", [dated.source, files], name, dataset)
    assert resync(dated.folder / "daily", [dated.source], "shop", "movements") == []
