"""A second world, `python -m demo --world hard`: two companies whose books hold what the trading company never has.

Receipts corrected after the goods are sold, red receipts, stock sold before it came, receipts without a cost or given by their amount,
goods under way at month ends, fractions and millions, lots, cartons beside pieces, two currencies, a 4-4-5 calendar beside calendar
months. Every item is one kind of case with trade around it; small enough that a plain program recomputes every figure of it
(tests/dbt/test_dbt_hard_world.py).
Files only: a folder per company in `inbox/`, CSV with the contracts' own column names.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from demo.hard_orders import documents

COMPANIES = {"EAST": "CNY", "WEST": "USD"}
FIRST_DAY, LAST_DAY = date(2026, 1, 5), date(2026, 6, 29)
PACK = 12
Row = dict[str, Any]

CASES = (
    "settled", "uncosted", "short", "reversed", "corrected", "moved", "by_amount", "fraction", "lots", "packed", "plain", "returned",
    "imported", "euro", "kit",
)  # fmt: skip
"""One item each; its code is the name in capitals."""


@dataclass
class _Book:
    """The documents of one company."""

    code: str
    rng: random.Random

    def __post_init__(self) -> None:
        self.movements: list[Row] = []
        self.values: list[Row] = []

    def move(
        self, day: date, kind: str, item: str, units: Decimal | int | str | None, warehouse: str = "MAIN", **more: Any
    ) -> str:
        """One movement; returns its source key."""
        number = f"{self.code[0]}{len(self.movements) + 1:05d}"
        row = {
            "source_doc_type": kind, "doc_no": number, "source_doc_id": number, "source_line_id": "1", "leg": more.pop("leg", 0),
            "movement_type": kind, "business_date": day.isoformat(), "item_code": item, "warehouse_code": warehouse,
            "quantity_units": None if units is None else Decimal(units), **more,
        }  # fmt: skip
        self.movements.append(row)
        return "|".join(str(row[name]) for name in ("source_doc_type", "source_doc_id", "source_line_id", "leg"))

    def buy(self, day: date, item: str, units: Decimal | int | str | None, cost: str | None, **more: Any) -> str:
        return self.move(day, "purchase_receipt", item, units, unit_cost=cost, **more)

    def sell(self, day: date, item: str, units: Decimal | int | str, **more: Any) -> str:
        return self.move(day, "sales_issue", item, -Decimal(units), **more)

    def transfer(
        self, sent: date, item: str, units: Decimal | int, arrives: date | None, arriving: Decimal | int | None = None
    ) -> None:
        """MAIN to SHOP; never arrives where `arrives` is None."""
        group = f"T{len(self.movements)}"
        self.move(
            sent, "transfer_out", item, -Decimal(units), transfer_group_id=group, counterpart_warehouse_code="SHOP"
        )
        if arrives is not None:
            self.move(
                arrives, "transfer_in", item, units if arriving is None else arriving, "SHOP", transfer_group_id=group,
                counterpart_warehouse_code="MAIN",
            )  # fmt: skip

    def correct(self, day: date, item: str, receipt: str, amount: str, kind: str, **more: Any) -> None:
        """An entry of value alone on a receipt."""
        number = f"V{len(self.values) + 1:04d}"
        self.values.append(
            {
                "source_doc_type": kind, "source_doc_id": number, "source_line_id": "1", "doc_no": number, "business_date": day.isoformat(),
                "item_code": item, "warehouse_code": "MAIN", "quantity_units": 0, "entry_value": amount, "entry_kind": kind,
                "movement_key": receipt, **more,
            }
        )  # fmt: skip


def _day(offset: int) -> date:
    return FIRST_DAY + timedelta(days=offset)


def _cases(book: _Book) -> None:
    """The documents by which each item is the case that it is called after."""
    cost = Decimal("10") if book.code == "EAST" else Decimal("1.37")

    def at(factor: str) -> str:
        return str((cost * Decimal(factor)).quantize(Decimal("0.0001")))

    book.buy(_day(0), "SETTLED", 10, at("1"))
    book.sell(_day(3), "SETTLED", 10)
    book.sell(_day(9), "SETTLED", 10)
    book.buy(_day(40), "SETTLED", 10, at("1.5"))
    book.sell(_day(1), "UNCOSTED", 2)
    book.buy(_day(6), "UNCOSTED", 20, at("0.33"))
    book.buy(_day(50), "UNCOSTED", 5, None)
    book.sell(_day(60), "UNCOSTED", 23)
    book.buy(_day(90), "UNCOSTED", 8, at("0.35"))
    book.sell(_day(2), "SHORT", 10)
    book.buy(_day(12), "SHORT", 5, at("1"))
    book.buy(_day(4), "REVERSED", 10, at("1"))
    wrong = book.buy(_day(8), "REVERSED", 5, at("9.9"))
    book.sell(_day(20), "REVERSED", 12)
    book.buy(_day(33), "REVERSED", -5, at("9.9"), is_red=True, is_reversal=True, reverses_key=wrong)
    book.buy(_day(70), "REVERSED", 6, at("1.1"))
    dear = book.buy(_day(5), "CORRECTED", 15, at("200"))
    book.sell(_day(15), "CORRECTED", 10)
    book.transfer(_day(16), "CORRECTED", 3, _day(18))
    book.sell(_day(25), "CORRECTED", 1, warehouse="SHOP")
    book.correct(
        _day(45), "CORRECTED", dear, str(-(cost * 15 * Decimal("199.5")).quantize(Decimal("0.01"))), "adjustment"
    )
    book.correct(_day(80), "CORRECTED", dear, "3.33", "landed_cost")
    book.buy(_day(5), "MOVED", 100, at("1"))
    for sent, arrives in ((24, 29), (52, 58), (80, 88), (112, 118), (143, 150)):
        book.transfer(_day(sent), "MOVED", 12, _day(arrives), 11 if sent == 80 else None)
        book.sell(_day(arrives + 1), "MOVED", 7, warehouse="SHOP")
    book.transfer(_day(170), "MOVED", 24, None)
    book.buy(_day(5), "BY_AMOUNT", 7_000_000, None, cost_value="100000.00")
    book.sell(_day(35), "BY_AMOUNT", 3_500_000)
    book.sell(_day(66), "BY_AMOUNT", 1_234_567)
    for number in range(9):
        book.buy(_day(5 + 10 * number), "FRACTION", "0.001", "3.3333")
        book.sell(_day(9 + 10 * number), "FRACTION", "0.0007")
    book.buy(_day(5), "LOTS", 40, at("2"), lot_no="A")
    book.buy(_day(30), "LOTS", 40, at("3"), lot_no="B")
    book.sell(_day(44), "LOTS", 25, lot_no="B")
    book.sell(_day(45), "LOTS", 45, lot_no="A")
    book.buy(_day(77), "LOTS", 20, at("2.5"), lot_no="A")
    for number in range(6):
        book.buy(_day(6 + 25 * number), "PACKED", 5 * PACK, at("0.5"), entered_units=5, entered_uom="CTN")
        book.sell(_day(14 + 25 * number), "PACKED", 3 * PACK, entered_units=-3, entered_uom="CTN")
    book.buy(_day(160), "PACKED", 20, at("0.5"), entered_units=2, entered_uom="CTN")
    # In cartons alone, and in a unit that no master has.
    book.buy(_day(161), "PACKED", None, at("0.5"), entered_units=4, entered_uom="CTN")
    book.buy(_day(162), "PACKED", None, at("0.5"), entered_units=9, entered_uom="PALLET")
    _imports(book)
    book.buy(_day(5), "RETURNED", 30, at("4"))
    book.buy(_day(31), "RETURNED", 30, at("5"))
    order = {"ref_doc_type": "sales_order", "ref_doc_no": "SO1", "ref_line_id": "1"}
    book.sell(_day(40), "RETURNED", 40, **order)
    book.move(_day(47), "sales_return", "RETURNED", 12, **order)


def _imports(book: _Book) -> None:
    """Bought in the other company's currency, by unit cost and by amount, and in euro before the euro has a rate and after."""
    other, named = ("USD", "美元") if book.code == "EAST" else ("CNY", "RMB")
    book.buy(_day(7), "IMPORTED", 10, "20", currency_code=other)
    book.sell(_day(50), "IMPORTED", 4)
    book.buy(_day(70), "IMPORTED", 10, None, cost_value="250.00", currency_code=named)
    book.sell(_day(100), "IMPORTED", 12)
    freight = book.buy(_day(110), "IMPORTED", 5, "21", currency_code=other)
    book.correct(_day(120), "IMPORTED", freight, "7.00", "landed_cost", currency_code=other)
    book.buy(_day(75), "EURO", 6, "30", currency_code="EUR")
    book.sell(_day(90), "EURO", 6)
    book.buy(_day(150), "EURO", 2, "30", currency_code="EUR")


def exchange_rates(code: str) -> list[Row]:
    """Rates of one company's books: the other currency from the start and changed twice, the euro only late."""
    other, rates = ("USD", ("7.1", "7.25", "7.04")) if code == "EAST" else ("CNY", ("0.14", "0.138", "0.1425"))
    rows: list[Row] = [
        {"currency_code": other, "valid_from_date": day.isoformat(), "exchange_rate": rate}
        for day, rate in zip((date(2025, 12, 1), _day(60), _day(115)), rates, strict=True)
    ]
    euro = {
        "currency_code": "EUR",
        "valid_from_date": _day(140).isoformat(),
        "exchange_rate": "7.9" if code == "EAST" else "1.12",
    }
    return [*rows, euro]


def _trade(book: _Book) -> None:
    """Trade of an ordinary item: bought, moved, sold, counted."""
    stock = {"MAIN": 0, "SHOP": 0}
    for offset in range(0, (LAST_DAY - FIRST_DAY).days, 3):
        units, chance = book.rng.randint(1, 30), book.rng.random()
        if chance < 0.35 or stock["MAIN"] < 30:
            book.buy(_day(offset), "PLAIN", 2 * units, f"{book.rng.randint(300, 900) / 100:.2f}")
            stock["MAIN"] += 2 * units
        elif chance < 0.55:
            book.transfer(_day(offset), "PLAIN", units, _day(offset + book.rng.randint(0, 2)))
            stock["MAIN"] -= units
            stock["SHOP"] += units
        else:
            place = "SHOP" if stock["SHOP"] > units else "MAIN"
            book.sell(_day(offset), "PLAIN", units, warehouse=place)
            stock[place] -= units


def fiscal_periods() -> list[Row]:
    """Periods of 4, 4 and 5 weeks from the last Monday of the year before on."""
    rows, start = [], date(2025, 12, 29)
    for number, weeks in enumerate([4, 4, 5] * 4, start=1):
        end = start + timedelta(days=7 * weeks - 1)
        rows.append(
            {
                "module": "stock",
                "period": f"2026{number:02d}",
                "start_date": start.isoformat(),
                "end_date": end.isoformat(),
            }
        )
        start = end + timedelta(days=1)
    return rows


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    listed = list(rows)
    names = list(dict.fromkeys(name for row in listed for name in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in listed)
    return len(listed)


def write_hard_world(folder: Path, seed: int = 7) -> tuple[int, int]:
    """Write the extracts of both companies below `folder`/inbox. Returns the numbers of files and of movements."""
    files = movements = 0
    stamp = f"{LAST_DAY:%Y%m%d}"
    for code in COMPANIES:
        book = _Book(code, random.Random(f"{seed}/{code}"))
        _cases(book)
        _trade(book)
        movements += len(book.movements)
        items = [
            {
                "item_code": case.upper(),
                "item_name": f"{case} {code}",
                "base_uom": "PCS",
                "category_name": "hard" if at % 2 else "harder",
            }
            for at, case in enumerate(CASES)
        ]
        tables: dict[str, Iterable[Mapping[str, Any]]] = {
            "items": items,
            "warehouses": [{"warehouse_code": name, "warehouse_name": f"{name} {code}"} for name in ("MAIN", "SHOP")],
            "item_units": [{"item_code": "PACKED", "uom_code": "CTN", "numerator": PACK, "denominator": 1}],
            "movements": sorted(book.movements, key=lambda row: (row["business_date"], row["doc_no"])),
            "value_entries": book.values,
            "exchange_rates": exchange_rates(code),
            **documents(code, book.movements, LAST_DAY),
        }
        if code == "EAST":  # the other company closes by calendar months
            tables["fiscal_periods"] = fiscal_periods()
        for name, rows in tables.items():
            _write(folder / "inbox" / code.lower() / f"{name}_{stamp}.csv", rows)
            files += 1
    return files, movements
