"""The hard world again, by a plain program: reads the same CSV files and shares no code with the product.

Values day by day come from the plain ledger of `tests/unit/ledger/ledger_reference*.py` (lists and fractions), shown on every day. A
correction is what it means: from its day on the books are those in which the receipt was right from the start.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ledger_reference import Reference

FIFO = SimpleNamespace(ageing="travelling", flow="fifo", cost="fifo", lots="named", shared_lots=())
RANK = {"opening": 0, "purchase_receipt": 1, "sales_return": 2, "transfer_out": 3, "transfer_in": 4, "sales_issue": 5}
UNDER_WAY = "IN-TRANSIT"
CARTON = 12
Row = dict[str, Any]
Place = tuple[str, str]


def _number(text: str) -> Fraction | None:
    return Fraction(text) if text else None


def _read(folder: Path, name: str) -> list[dict[str, str]]:
    [path] = folder.glob(f"{name}_*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


BOOKS = {"EAST": "CNY", "WEST": "USD"}
ISO = {"美元": "USD", "RMB": "CNY"}


class Rates:
    """What a currency is worth in the books of a company on a day, by its own table."""

    def __init__(self, folder: Path, company: str) -> None:
        self.own, self.lines = BOOKS[company], _read(folder, "exchange_rates")

    def of(self, currency: str, day: date) -> Fraction | None:
        code = ISO.get(currency, currency)
        if code in ("", self.own):
            return Fraction(1)
        known = [
            (line["valid_from_date"], Fraction(line["exchange_rate"]))
            for line in self.lines
            if line["currency_code"] == code and line["valid_from_date"] <= day.isoformat()
        ]
        return max(known)[1] if known else None


class Calendar:
    """Periods of a company: those of its file, else calendar months."""

    def __init__(self, folder: Path) -> None:
        stated = [
            (date.fromisoformat(line["start_date"]), date.fromisoformat(line["end_date"]), line["period"])
            for path in folder.glob("fiscal_periods_*.csv")
            for line in _read(path.parent, "fiscal_periods")
        ]
        self.periods = stated or [
            (date(2026, m, 1), date(2026 + m // 12, m % 12 + 1, 1) - timedelta(days=1), f"2026{m:02d}")
            for m in range(1, 13)
        ]

    def of(self, day: date) -> tuple[date, date, str]:
        return next(period for period in self.periods if period[0] <= day <= period[1])

    def quarter(self, day: date) -> date:
        """First day of the quarter."""
        number = int(self.of(day)[2][4:]) - 1
        return self.periods[number - number % 3][0]


def _movement(company: str, instance: str, line: dict[str, str], rates: Rates) -> Row:
    amount, cost = _number(line.get("cost_value", "")), _number(line["unit_cost"])
    rate = rates.of(line.get("currency_code", ""), date.fromisoformat(line["business_date"]))
    stated = {"document_unit_cost": cost, "document_cost_value": amount}
    amount = None if amount is None or rate is None else amount * rate
    cost = None if cost is None or rate is None else cost * rate
    units = Fraction(line["quantity_units"] or Fraction(line["entered_units"]) * CARTON)
    if cost is None and amount is not None:
        cost = Fraction(round(amount / units * 10**8), 10**8)
        if ISO.get(line["currency_code"], line["currency_code"]) in ("", rates.own):
            stated["document_unit_cost"] = cost
    key = "|".join([instance, *(line[name] for name in ("source_doc_type", "source_doc_id", "source_line_id", "leg"))])
    return {
        "movement_key": key, "item_id": f"{company}/{line['item_code']}", "warehouse_id": f"{company}/{line['warehouse_code']}",
        "lot_no": line.get("lot_no", ""), "stock_status": "available", "owner_type": "own", "owner_code": "", "is_valued": True,
        "business_date": date.fromisoformat(line["business_date"]), "movement_type": line["movement_type"], "quantity_units": units,
        "unit_cost": cost, "document_value": amount, "is_demand": line["movement_type"] in ("sales_issue", "sales_return"),
        "transfer_group_id": line["transfer_group_id"] or None, "ref_doc_no": line["ref_doc_no"] or None,
        "ref_line_id": line["ref_line_id"] or None, "lot_expiry_date": None, "doc_no": line["doc_no"],
        **stated, "takes_back": f"{instance}|{line['reverses_key']}" if line["reverses_key"] else None,
    }  # fmt: skip


@dataclass
class Day:
    """A place at the end of a day."""

    units: Fraction = Fraction(0)
    value: Fraction | None = Fraction(0)
    ages: dict[int, Fraction] = field(default_factory=dict)
    """Value by age in days."""


class HardWorld:
    """What the books of both companies say on every day."""

    def __init__(self, inbox: Path, instances: dict[str, str], as_of: date) -> None:
        self.as_of = as_of
        self.rates: dict[str, Rates] = {}
        self.calendars: dict[str, Calendar] = {}
        self.days: dict[Place, dict[date, Day]] = defaultdict(lambda: defaultdict(Day))
        self.cogs: dict[Place, dict[date, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        self.uncosted: dict[Place, dict[date, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        self.sold_units: dict[Place, dict[date, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        rows: list[Row] = []
        fixes: list[tuple[date, str, Row | Fraction]] = []
        for company, instance in instances.items():
            folder = inbox / company.lower()
            self.rates[company] = rates = Rates(folder, company)
            self.calendars[company] = Calendar(folder)
            # A pallet is in no master: nobody can say how many pieces came.
            rows += [
                {**_movement(company, instance, line, rates), "source_row": number}
                for number, line in enumerate(_read(folder, "movements"), start=2)
                if line["quantity_units"] or line["entered_uom"] == "CTN"
            ]
            for line in _read(folder, "value_entries"):
                target = f"{instance}|{line['movement_key']}"
                day = date.fromisoformat(line["business_date"])
                rate = rates.of(line.get("currency_code", ""), day)
                assert rate is not None
                fixes.append((day, target, Fraction(line["entry_value"]) * rate))
        rows.sort(
            key=lambda row: (
                row["business_date"],
                RANK[row["movement_type"]],
                row["movement_key"].split("|")[0],
                row["doc_no"],
            )
        )
        for at, row in enumerate(rows):
            row["movement_sequence"] = at + 1
        self.first_day = rows[0]["business_date"]
        fixes += [(row["business_date"], row["takes_back"], row) for row in rows if row["takes_back"]]
        self.rows = rows
        self.calendar = [self.first_day + timedelta(days=n) for n in range((as_of - self.first_day).days + 1)]
        for item in sorted({row["item_id"] for row in rows}):
            mine = [row for row in rows if row["item_id"] == item]
            keys = {row["movement_key"] for row in mine}
            self._item(mine, sorted((fix for fix in fixes if fix[1] in keys), key=lambda fix: fix[0]))

    def _item(self, rows: list[Row], fixes: list[tuple[date, str, Row | Fraction]]) -> None:
        turns = sorted({fix[0] for fix in fixes})
        taken_back = {id(fix[2]) for fix in fixes}
        versions = []
        for number in range(len(turns) + 1):
            corrected = [dict(row) for row in rows if id(row) not in taken_back]
            for day, target, what in fixes:
                if number and day <= turns[number - 1]:
                    receipt = next(row for row in corrected if row["movement_key"] == target)
                    worth = receipt["document_value"]
                    worth = receipt["quantity_units"] * receipt["unit_cost"] if worth is None else worth
                    if isinstance(what, Fraction):
                        worth += what
                    else:
                        worth += worth * what["quantity_units"] / receipt["quantity_units"]
                        receipt["quantity_units"] += what["quantity_units"]
                    receipt["document_value"] = worth
                    if receipt["quantity_units"]:
                        receipt["unit_cost"] = worth / receipt["quantity_units"]
            ledger = Reference(FIFO)
            ledger.run(corrected, self.calendar)
            versions.append((corrected, ledger))
        for row in rows:
            place = (row["item_id"], row["warehouse_id"])
            for day in self.calendar:
                if day >= row["business_date"]:
                    self.days[place][day].units += row["quantity_units"]
                    if row["transfer_group_id"]:
                        self._under_way(row["item_id"])[day].units -= row["quantity_units"]
        for number, (_, ledger) in enumerate(versions):
            begins = turns[number - 1] if number else date.min
            ends = turns[number] if number < len(turns) else date.max
            self._layers(ledger, begins, ends)
        self._sales(versions, turns)

    def _under_way(self, item: str) -> dict[date, Day]:
        return self.days[(item, f"{item.split('/')[0]}/{UNDER_WAY}")]

    def _layers(self, ledger: Reference, begins: date, ends: date) -> None:
        for day, where, item, warehouse, _, _, _, _, origin, _, source, units, _, value, known, _ in ledger.snapshots:
            if not begins <= day < ends:
                continue
            place = self._under_way(item) if where == "under way" else self.days[(item, warehouse)]
            here = place[day]
            # Units that left without a cost and got it since have booked nothing meanwhile.
            if not known and units < 0 and ledger.answers[source].waits == 0:
                value, known = Fraction(0), True
            here.value = None if here.value is None or not known else here.value + value
            if known:
                age = max((day - origin).days, 0)
                here.ages[age] = here.ages.get(age, Fraction(0)) + value

    def _sales(self, versions: list[tuple[list[Row], Reference]], turns: list[date]) -> None:
        def cost(row: Row, ledger: Reference) -> Fraction:
            answer = ledger.answers[row["movement_key"]]
            return (-answer.value if row["is_demand"] else Fraction(0)) - answer.cogs_settlement

        for number, (rows, ledger) in enumerate(versions):
            for row in rows:
                place, day = (row["item_id"], row["warehouse_id"]), row["business_date"]
                if number and day <= turns[number - 1]:
                    self.cogs[place][turns[number - 1]] += cost(row, ledger) - cost(row, versions[number - 1][1])
                if sum(turn < day for turn in turns) == number:
                    answer = ledger.answers[row["movement_key"]]
                    self.cogs[place][day] += cost(row, ledger)
                    if row["is_demand"]:
                        self.sold_units[place][day] -= row["quantity_units"]
                        self.uncosted[place][day] += answer.waits if answer.known else abs(row["quantity_units"])

    # Figures ---------------------------------------------------------------------------------------------------------------------

    def average(self, place: Place, start: date, end: date) -> Fraction | None:
        """Mean of the closing values of the days; None where one is not known."""
        values = [self.days[place][day].value if day in self.days[place] else Fraction(0) for day in _span(start, end)]
        known = [value for value in values if value is not None]
        return sum(known, Fraction(0)) / len(values) if len(known) == len(values) else None

    def company(self, code: str, start: date, end: date) -> tuple[Fraction, Fraction]:
        """Average value and cost of sales of all places of a company that are known in the days, what the books owe among them."""
        average = cost = Fraction(0)
        for place in self.days:
            held, sold = self.average(place, start, end), self.sold(place, start, end)
            if place[0].startswith(f"{code}/") and held is not None and sold is not None:
                average, cost = average + held, cost + sold
        return average, cost

    def sold(self, place: Place, start: date, end: date) -> Fraction | None:
        """Cost of what was sold in the days; None where some of it has no cost."""
        days = _span(start, end)
        if any(self.uncosted[place].get(day) for day in days):
            return None
        return sum((self.cogs[place].get(day, Fraction(0)) for day in days), Fraction(0))


def _span(start: date, end: date) -> list[date]:
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]
