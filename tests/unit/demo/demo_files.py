"""Reads a delivery as a stranger would: from the files alone, knowing only their headers."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import NamedTuple

from openpyxl import load_workbook

INWARD = "入"
Rows = list[dict[str, str]]


class Key(NamedTuple):
    """Stock grain by codes."""

    item: str
    warehouse: str
    lot: str
    status: str


def read_csv(path: Path) -> Rows:
    """Rows of a CSV in UTF-8 (with or without mark) or GB18030."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030")
    return list(csv.DictReader(io.StringIO(text)))


def read_workbook(path: Path, header_row: int = 1) -> list[dict[str, object]]:
    """Rows of the first sheet of a workbook."""
    sheet = load_workbook(path, read_only=True).worksheets[0]
    lines = list(sheet.iter_rows(values_only=True))
    header = [str(cell) for cell in lines[header_row - 1]]
    return [dict(zip(header, line, strict=True)) for line in lines[header_row:]]


def all_rows(out: Path, system: str, dataset: str) -> Rows:
    """Rows of every file of a dataset in order of extract."""
    return [row for path in sorted((out / "inbox" / system).glob(f"{dataset}_*.csv")) for row in read_csv(path)]


def latest(rows: Rows, *key: str) -> dict[tuple[str, ...], dict[str, str]]:
    """The last exported version of each key."""
    return {tuple(row[name] for name in key): row for row in rows}


def movements(out: Path) -> Rows:
    """Effective movements, transfers exploded into two legs, with `signed` and `key` added."""
    legs = []
    for row in all_rows(out, "erp", "stock_movements"):
        if row["单据状态"] == "已审核":
            signed = int(row["数量"]) * (1 if row["方向"] == INWARD else -1)
            key = Key(row["存货编码"], row["仓库编码"], row["批号"], row["库存状态"])
            legs.append({**row, "signed": signed, "key": key})
    return legs + transfers(out)


def transfers(out: Path) -> Rows:
    """Both legs of every transfer, with `signed` and `key` added."""
    legs = []
    for row in all_rows(out, "erp", "stock_transfers"):
        for warehouse, sign in ((row["转出仓库"], -1), (row["转入仓库"], 1)):
            key = Key(row["存货编码"], warehouse, row["批号"], "正品")
            signed = sign * int(row["调拨数量"])
            legs.append({**row, "单据日期": row["调拨日期"], "单据类型": "调拨单", "signed": signed, "key": key})
    return legs


def flows_of(legs: Rows) -> dict[Key, dict[date, int]]:
    """Net movement by grain and day."""
    flows: dict[Key, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for leg in legs:
        flows[leg["key"]][date.fromisoformat(leg["单据日期"])] += leg["signed"]
    return flows


def balances_at(flows: dict[Key, dict[date, int]], day: date) -> dict[Key, int]:
    """Closing balances of a day, zero left out."""
    closing = {key: sum(units for moved, units in days.items() if moved <= day) for key, days in flows.items()}
    return {key: units for key, units in closing.items() if units}


def on_hand(path: Path) -> dict[Key, int]:
    """An ERP on-hand list."""
    return {
        Key(row["存货编码"], row["仓库编码"], row["批号"], row["库存状态"]): int(
            float(row["现存数量"].replace(",", ""))
        )
        for row in read_csv(path)
    }


def wms(path: Path) -> dict[Key, tuple[int, int, int]]:
    """A WMS list by grain: physical, received not posted, picked not shipped."""
    totals: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in read_csv(path):
        status = {"GOOD": "正品", "DAMAGED": "不良品"}[row["condition"]]
        columns = ("qty_physical", "qty_received_not_posted", "qty_picked_not_shipped")
        for position, column in enumerate(columns):
            totals[Key(row["sku"], row["wh"], row["lot"], status)][position] += int(row[column])
    return {key: (figures[0], figures[1], figures[2]) for key, figures in totals.items()}


def day_of(path: Path) -> date:
    """Extract date of a file, from its name."""
    digits = path.name.split("_")[-1][:8]
    return date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
