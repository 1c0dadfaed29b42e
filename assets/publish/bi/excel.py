"""A workbook with pivot tables over the release's figures; Excel makes the pivots when the file is opened. Reads the release.

openpyxl writes the pivots: their cache names the columns of the data sheet and is filled on opening (`refreshOnLoad`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from openpyxl import Workbook
from openpyxl.pivot.cache import CacheDefinition, CacheField, CacheSource, SharedItems, WorksheetSource
from openpyxl.pivot.record import RecordList
from openpyxl.pivot.table import (
    DataField,
    FieldItem,
    Location,
    PivotField,
    PivotTableStyle,
    RowColField,
    TableDefinition,
)
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from assets.publish.bi.model import BiColumn, BiModel
from assets.publish.bi.words import word
from assets.publish.content import quoted
from assets.publish.public import SCHEMA
from assets.publish.spreadsheets import plain_text

MAX_ROWS = 1_048_575


@dataclass(frozen=True)
class Pivot:
    """A data sheet and the pivot on it: `rows` down, `across` side by side, `values` added up."""

    name: str
    mart: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    values: tuple[str, ...]
    across: tuple[str, ...] = ()


PIVOTS = (
    Pivot(
        "capital", "fct_inventory_health",
        ("category_name", "warehouse_name", "owner_name", "abc_xyz_cell", "item_code", "item_name", "on_hand_units",
         "inventory_value", "dead_stock_value", "excess_stock_value", "cogs_value_365", "average_inventory_value_365"),
        ("category_name", "warehouse_name"), ("inventory_value", "dead_stock_value", "excess_stock_value"),
    ),
    Pivot(
        "ageing", "fct_stock_ageing",
        ("snapshot_date", "bucket_no", "bucket_label", "item_id", "warehouse_id", "owner_name", "quantity_units", "stock_value"),
        ("snapshot_date",), ("stock_value",), ("bucket_label",),
    ),
    Pivot(
        "orders", "fct_replenishment",
        ("owner_name", "warehouse_id", "item_id", "abc_xyz_cell", "policy", "order_by_date", "suggested_order_units",
         "suggested_order_value"),
        ("owner_name", "warehouse_id"), ("suggested_order_value",),
    ),
)  # fmt: skip


class TooManyRowsError(ValueError):
    """A mart has more rows than a sheet holds."""


def write_workbook(model: BiModel, database: Path, target: Path) -> Path:
    """Write the workbook of a release.

    Raises:
        TooManyRowsError: Excel cannot hold the rows; read PostgreSQL from Excel instead (docs/bi.md).
    """
    book = Workbook()
    book.remove(book.active)
    sheets = []
    with duckdb.connect(str(database), read_only=True) as connection:
        for number, pivot in enumerate(PIVOTS, start=1):
            if pivot.mart not in {table.name for table in model.tables}:
                continue
            title = word(model.language, f"sheet_{pivot.name}")
            view = book.create_sheet(title)
            data = book.create_sheet(word(model.language, "sheet_data", sheet=title))
            columns = [model.table(pivot.mart).column(name) for name in pivot.columns]
            rows = _rows(connection, pivot)
            _write_data(data, columns, rows, f"data_{pivot.name}")
            sheets.append((number, pivot, view, data, columns, len(rows)))
    for number, pivot, view, data, columns, rows_written in sheets:
        if rows_written:
            view.add_pivot(_pivot(number, model, pivot, data, columns, rows_written))
    book.save(target)
    return target


def _rows(connection: duckdb.DuckDBPyConnection, pivot: Pivot) -> list[tuple[Any, ...]]:
    names = ", ".join(quoted(name) for name in pivot.columns)
    rows = connection.execute(
        f"select {names} from {SCHEMA}.{quoted(pivot.mart)} order by all limit {MAX_ROWS + 1}"
    ).fetchall()
    if len(rows) > MAX_ROWS:
        raise TooManyRowsError(
            f"{pivot.mart}: more than {MAX_ROWS:,} rows, a sheet does not hold them; connect Excel to PostgreSQL (docs/bi.md), "
            "or leave the workbook out (`--only`)"
        )
    return rows


def _write_data(sheet: Worksheet, columns: list[BiColumn], rows: list[tuple[Any, ...]], name: str) -> None:
    sheet.append([column.label for column in columns])
    for row in rows:
        sheet.append([_cell(column, value) for column, value in zip(columns, row, strict=True)])
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # openpyxl takes a text that starts with = for a formula
                cell.quotePrefix = plain_text(cell.value) != cell.value
    if rows:
        table = Table(displayName=name, ref=_reference(len(columns), len(rows)))
        table.tableStyleInfo = TableStyleInfo(name="TableStyleLight9", showRowStripes=True)
        sheet.add_table(table)
    for number, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = max(12, min(36, 2 * len(column.label)))
    sheet.freeze_panes = "A2"


def _cell(column: BiColumn, value: Any) -> Any:
    if isinstance(value, str):
        return column.values.get(value, value)
    return float(value) if value is not None and column.kind == "decimal" else value


def _reference(columns: int, rows: int) -> str:
    return f"A1:{get_column_letter(columns)}{rows + 1}"


def _pivot(
    number: int, model: BiModel, pivot: Pivot, data: Worksheet, columns: list[BiColumn], rows: int
) -> TableDefinition:
    source = WorksheetSource(ref=_reference(len(columns), rows), sheet=data.title)
    cache = CacheDefinition(
        cacheSource=CacheSource(type="worksheet", worksheetSource=source),
        cacheFields=[CacheField(name=column.label, sharedItems=SharedItems()) for column in columns],
        refreshOnLoad=True,
        saveData=False,
        createdVersion=6,
        refreshedVersion=6,
        minRefreshableVersion=3,
        id="rId1",
    )
    cache.records = RecordList()
    place = {name: position for position, name in enumerate(pivot.columns)}
    fields = [_field(name, pivot) for name in pivot.columns]
    across = [RowColField(x=place[name]) for name in pivot.across]
    if len(pivot.values) > 1:
        across.append(RowColField(x=-2))  # the values themselves are side by side
    made = TableDefinition(
        name=f"pivot_{pivot.name}",
        cacheId=number,
        dataCaption="Values",
        applyNumberFormats=False,
        applyBorderFormats=False,
        applyFontFormats=False,
        applyPatternFormats=False,
        applyAlignmentFormats=False,
        applyWidthHeightFormats=True,
        updatedVersion=6,
        minRefreshableVersion=3,
        createdVersion=6,
        location=Location(ref="A3:D20", firstHeaderRow=1, firstDataRow=2, firstDataCol=len(pivot.rows)),
        pivotFields=fields,
        rowFields=[RowColField(x=place[name]) for name in pivot.rows],
        colFields=across,
        dataFields=[
            DataField(
                name=word(model.language, "sum_of", label=model.table(pivot.mart).column(name).label),
                fld=place[name],
                subtotal="sum",
                numFmtId=3,
            )
            for name in pivot.values
        ],
        pivotTableStyleInfo=PivotTableStyle(
            name="PivotStyleLight16",
            showRowHeaders=True,
            showColHeaders=True,
            showRowStripes=False,
            showColStripes=False,
        ),
    )
    made.cache = cache
    return made


def _field(name: str, pivot: Pivot) -> PivotField:
    if name in pivot.values:
        return PivotField(dataField=True, showAll=False)
    if name in pivot.rows or name in pivot.across:
        axis = "axisRow" if name in pivot.rows else "axisCol"
        return PivotField(axis=axis, showAll=False, items=[FieldItem(t="default")])
    return PivotField(showAll=False)
