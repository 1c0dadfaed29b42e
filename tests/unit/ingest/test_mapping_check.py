"""`stockturn mapping check` and `stockturn describe`: what a first run would have met is reported before it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assets.ingest.contracts import load_contracts
from assets.ingest.describe.check import MappingCheck, check_mapping
from assets.ingest.describe.draft import draft_mapping
from assets.ingest.describe.look import profile_database, profile_files
from assets.ingest.describe.profile import TableProfile, profile_column
from assets.ingest.describe.scores import LEAST, _likeness, table_fits
from assets.ingest.describe.vocabulary import synonyms
from assets.ingest.live.secrets import Secrets
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.settings import SourceSettings
from orchestration.cli import app

MAPPING = """
mapping: shop
version: 1
source_system: shop
enums:
  kinds: {入库: purchase_receipt, 出库: sales_issue, 盘盈: count_gain, _default: fail}
datasets:
  - name: moves
    contract: stock_movement
    table: moves
    scope: key
    columns:
      source_doc_type: kind
      doc_no: number
      source_doc_id: number
      source_line_id: id
      movement_type: {from: kind, enum: kinds}
      business_date: day
      item_code: item
      warehouse_code: warehouse
      quantity_units: quantity
"""
SCHEMA = """
create table moves (id integer primary key, kind text, number text, day date, item text, warehouse text, quantity numeric);
create table 物料 (物料编码 text primary key, 物料名称 text, 基本单位 text, 安全库存 numeric, 备注 text);
create table settings (name text, value text);
"""


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    monkeypatch.setenv("STOCKTURN_SOURCE_SHOP_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.executescript(SCHEMA)
    rows = [
        (None, "入库" if n % 2 else "出库", f"D{n}", "2024-03-01", f"{n % 5:03d}", "W1", n / 2) for n in range(1, 41)
    ]
    connection.executemany("insert into moves values (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.executemany(
        "insert into 物料 values (?, ?, '只', 5, null)", [(f"{n:03d}", f"茶杯{n}") for n in range(5)]
    )
    connection.execute("insert into settings values ('colour', 'red')")
    connection.commit()
    return connection


def check(folder: Path, text: str = MAPPING, **changes: str) -> MappingCheck:
    file = folder / "shop.yml"
    for old, new in changes.items():
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return check_mapping(str(file), SourceSettings(name="shop", kind="sql", mapping=str(file), instance="b1"))


def test_a_mapping_that_fits_is_good(database: sqlite3.Connection, tmp_path: Path) -> None:
    found = check(tmp_path)
    (moves,) = found.datasets
    assert found.is_good and (moves.rows, moves.sampled, moves.loaded, moves.quarantined) == (40, 40, 40, 0)
    assert [finding.message for finding in found.findings] == ["kind: no row has 盘盈 of enum kinds"]


def test_a_code_that_no_enum_knows_is_told_with_its_rows(database: sqlite3.Connection, tmp_path: Path) -> None:
    database.execute("update moves set kind = '报废' where id <= 3")
    database.commit()
    found = check(tmp_path)
    assert not found.is_good and any("does not have 报废 (3 rows)" in finding.message for finding in found.findings)
    assert found.datasets[0].quarantined == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("table: moves", "table: move", "has no table move"),
        ("business_date: day", "business_date: date", "has no column 'date'"),
        ("quantity_units: quantity", "quantity_units: item", None),
        (
            "quantity_units: quantity",
            "quantity_units: day",
            "day is DATE there, and quantity_units of stock_movement is a quantity",
        ),
        ("business_date: day", "business_date: number", "break unparseable_date"),
    ],
)
def test_what_does_not_fit_is_named(
    database: sqlite3.Connection, tmp_path: Path, old: str, new: str, message: str | None
) -> None:
    found = check(tmp_path, **{old: new})
    told = [finding.message for finding in found.findings]
    assert message is None or any(message in text for text in told), told
    assert found.is_good == (message is None)


def test_nothing_of_a_check_is_left(database: sqlite3.Connection, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    check(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, "shop.yml"])


def test_files_are_tried_too(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "moves_1.csv").write_text(
        "kind,number,id,day,item,warehouse,quantity\n入库,D1,1,2024-03-01,001,W1,x\n"
    )
    file = tmp_path / "shop.yml"
    file.write_text(MAPPING.replace("table: moves", 'files: "moves*.csv"'), encoding="utf-8")
    result = CliRunner().invoke(app, ["mapping", "check", str(file), "--path", str(tmp_path / "in")])
    assert result.exit_code == 2 and "unparseable_number" in result.output.replace("\n", "")
    (tmp_path / "in" / "moves_1.csv").write_text(
        "kind,number,id,day,item,warehouse,quantity\n入库,D1,1,2024-03-01,001,W1,5\n"
    )
    result = CliRunner().invoke(app, ["mapping", "check", str(file), "--path", str(tmp_path / "in")])
    assert result.exit_code == 0, result.output


def test_the_schema_alone_is_checked_without_a_source(tmp_path: Path) -> None:
    file = tmp_path / "broken.yml"
    file.write_text(MAPPING.replace("contract: stock_movement", "contract: stock_movements"), encoding="utf-8")
    result = CliRunner().invoke(app, ["mapping", "check", str(file)])
    assert result.exit_code == 2 and "there is no contract 'stock_movements'" in result.output.replace("\n", " ")
    assert CliRunner().invoke(app, ["mapping", "check", "demo_erp"]).exit_code == 0


def test_an_unknown_database_is_described_and_drafted(database: sqlite3.Connection, tmp_path: Path) -> None:
    tables = profile_database(Secrets("shop"))
    assert [(table.name, table.rows) for table in tables] == [("moves", 40), ("物料", 5), ("settings", 1)]
    best = {table.name: table_fits(table, load_contracts())[0] for table in tables}
    assert (best["moves"].contract, best["物料"].contract) == ("stock_movement", "item")
    found = {candidate.contract_column: candidate for candidate in best["物料"].candidates}
    assert {name: found[name].source_column for name in ("item_code", "item_name", "base_uom", "safety_stock_units")} == {
        "item_code": "物料编码", "item_name": "物料名称", "base_uom": "基本单位", "safety_stock_units": "安全库存",
    }  # fmt: skip
    draft = tmp_path / "draft.yml"
    result = CliRunner().invoke(app, ["describe", "shop", "--draft", str(draft)])
    assert result.exit_code == 0 and "物料编码" in result.output and str(tmp_path / "shop.db") not in draft.read_text()
    only_items = [table for table in tables if table.name == "物料"]
    draft.write_text(draft_mapping("items", only_items, load_contracts()), encoding="utf-8")
    mapping = load_mapping(str(draft))
    assert [dataset.contract for dataset in mapping.datasets] == ["item"]
    source = SourceSettings(name="shop", kind="sql", mapping=str(draft), instance="b1")
    assert check_mapping(str(draft), source).datasets[0].loaded == 5, "what was drafted runs"


def test_an_unknown_file_is_described(tmp_path: Path) -> None:
    file = tmp_path / "库存.csv"
    file.write_bytes("仓库,存货编码,批号,现存量,单价(元)\n主仓,001,L1,5,2.5\n主仓,002,,7,3\n".encode("gb18030"))
    (table,) = profile_files(file)
    fit = table_fits(table, load_contracts())[0]
    assert table.rows == 2 and fit.contract == "stock_on_hand"
    assert {found.contract_column for found in fit.candidates} >= {
        "item_code",
        "warehouse_code",
        "lot_no",
        "on_hand_units",
    }


def test_a_source_that_cannot_be_looked_at_is_one_sentence() -> None:
    result = CliRunner().invoke(app, ["describe", "nowhere"])
    assert result.exit_code == 2 and "STOCKTURN_SOURCE_NOWHERE_URL" in result.output.replace("\n", "")


def test_likeness_below_the_least_is_chance() -> None:
    """Names of different contract columns are hardly ever as alike as what is suggested."""
    words = [(name, word) for name, known in synonyms().items() for word in known]
    # every seventh pair is enough to tell, and takes a seventh of the time
    pairs = [(a, b) for number, (a, left) in enumerate(words) for b, right in words[number % 7 :: 7] if a < b and left != right
             for a, b in [(left, right)]]  # fmt: skip
    alike = sum(_likeness(left, right) >= LEAST for left, right in pairs)
    assert len(pairs) > 5000 and alike / len(pairs) < 0.01, (alike, len(pairs))


def test_values_that_cannot_be_are_no_candidates() -> None:
    """A column called 数量 that holds words is no quantity."""
    columns = tuple(
        profile_column(name, "text", [value])
        for name, value in (("存货编码", "001"), ("仓库", "W1"), ("现存量", "若干"))
    )
    table = TableProfile("库存", columns, 1, 1)
    fit = next(fit for fit in table_fits(table, load_contracts()) if fit.contract == "stock_on_hand")
    assert "on_hand_units" not in {found.contract_column for found in fit.candidates}
