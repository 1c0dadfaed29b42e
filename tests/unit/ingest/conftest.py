"""A small company for ingest tests: a mapping with every scope, and helpers that write extracts and read what was
landed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.ingest.batches.register import register_landing
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ContractReport, ingest

MAPPING = """
mapping: shop
version: 1
source_system: shop_erp
capabilities: {has_ledger: true}
enums:
  kinds: {入库: purchase_receipt, 出库: sales_issue, _default: fail}
datasets:
  - name: items
    contract: item
    files: "items*.*"
    extract_date: '_(\\d{8})'
    scope: full
    columns: {item_code: 存货编码, item_name: 存货名称, base_uom: 单位, is_active: {from: 启用, optional: true}}
  - name: warehouses
    contract: warehouse
    files: "warehouses*.csv"
    scope: full
    columns: {warehouse_code: code, warehouse_name: name}
  - name: movements
    contract: stock_movement
    files: "moves*.*"
    extract_date: '_(\\d{8})'
    scope: key
    where: "状态 <> '作废'"
    date_formats: ["%d/%m/%Y"]
    columns:
      source_doc_type: 类型
      doc_no: 单号
      source_doc_id: 单号
      source_line_id: 行
      movement_type: {from: 类型, enum: kinds}
      business_date: 日期
      item_code: 存货编码
      warehouse_code: 仓库
      quantity_units: {expr: "case when 类型 = '出库' then -数量 else 数量 end"}
      entered_at: {from: 制单时间, optional: true}
  - name: books
    contract: stock_on_hand
    files: "books*.csv"
    extract_date: '_(\\d{8})'
    scope: period
    unknown_columns: fail
    columns: {as_of_date: date, item_code: item, warehouse_code: wh, on_hand_units: qty}
"""
ITEMS = "存货编码,存货名称,单位\n001,茶杯,只\n002,茶壶,把\n"
WAREHOUSES = "code,name\nW1,Main\n"
MOVES = "类型,单号,行,日期,存货编码,仓库,数量,状态\n"


@dataclass
class Company:
    """One source folder and its workspace."""

    folder: Path
    workspace: Path
    source: SourceSettings

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def read(self, contract: str, as_of: str = "2024-12-31") -> ContractReport:
        report = ingest(self.workspace, [self.source], contract, dt.date.fromisoformat(as_of))
        assert report.is_closed
        return report

    def masters(self) -> None:
        self.write("items_20240101.csv", ITEMS)
        self.write("warehouses.csv", WAREHOUSES)
        self.read("item")
        self.read("warehouse")

    def query(self, sql: str, as_of: str = "2024-12-31") -> list[tuple[Any, ...]]:
        connection = duckdb.connect()
        register_landing(connection, self.workspace, dt.date.fromisoformat(as_of))
        return connection.execute(sql).fetchall()

    def quarantine(self) -> list[tuple[Any, ...]]:
        return self.query(
            "select source_file, source_row, rule_id, column_name, bad_value, reason from "
            "quality.quarantined_rows order by all"
        )


@pytest.fixture
def make_company(tmp_path: Path) -> Callable[..., Company]:
    def make(mapping: str = MAPPING, **changes: Any) -> Company:
        folder = tmp_path / "extracts"
        folder.mkdir(exist_ok=True)
        file = tmp_path / "shop.yml"
        file.write_text(mapping, encoding="utf-8")
        settings = {"name": "shop", "kind": "file", "mapping": str(file), "path": folder, "instance": "book1"} | changes
        return Company(folder, tmp_path / "workspace", SourceSettings(**settings))

    return make


@pytest.fixture
def company(make_company: Callable[..., Company]) -> Company:
    return make_company()
