"""The datasets that read a file of a known role: what the file tells, and questions for what it does not."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assets.ingest.contracts import load_contracts
from assets.ingest.describe.file_facts import FileFacts
from assets.ingest.describe.origin import DAY_IN_NAME, Origin
from assets.ingest.describe.roles import MONTH_TITLE, YEARLESS_TITLE, Reading
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.mapping.row_keys import POSITION, ROW_NUMBER, SHEET
from assets.ingest.mapping.source_keys import EXTRACT_DATE

_SERIES = r"(\d{4}[-_.年]?\d{2}[-_.月]?\d{2})"
_MAIN = "MAIN"
_OUTWARD = (
    "sales_issue", "purchase_return", "production_issue", "transfer_out", "count_loss", "other_out", "scrap", "internal_use",
    "adjustment_out",
)  # fmt: skip
_KNOWN_CODES = "generic_excel"
"""The mapping with the codes that most systems write."""


@dataclass(frozen=True)
class Question:
    """What a file cannot tell: `key` names it in a file of answers, `default` is taken where there is no answer."""

    key: str
    text: str
    default: str


@dataclass
class FileProposal:
    """One file: what it seems to be, why, the first rows, and the dataset that reads it (None where it is not understood)."""

    file: str
    rows: int
    title: str
    contract: str
    evidence: tuple[str, ...]
    sample: tuple[dict[str, str], ...]
    datasets: list[dict[str, Any]] = field(default_factory=list)
    enums: dict[str, dict[str, Any]] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    unused: tuple[str, ...] = ()
    problem: str = ""


class Drafter:
    """Fills the datasets, enums and questions of one file."""

    def __init__(
        self,
        proposal: FileProposal,
        reading: Reading,
        facts: FileFacts,
        origin: Origin,
        answers: Mapping[str, str],
    ) -> None:
        self.proposal, self.reading, self.answers = proposal, reading, answers
        self.facts, self.origin, self.sheets, self.label = facts, origin, origin.sheets, origin.label

    def draft(self) -> None:
        """Build the dataset by its role."""
        getattr(self, f"_{self.reading.role.name}")()
        if self.origin.key is not None:
            self.proposal.datasets[:] = [_with_aliases(dataset) for dataset in self.proposal.datasets]

    def ask(self, key: str, text: str, default: str) -> str:
        """The answer that was given, else the default; the question is kept either way."""
        full = f"{self.proposal.file}: {key}"
        self.proposal.questions.append(Question(full, text, default))
        return self.answers.get(full, default)

    def _dataset(self, contract: str, scope: str, columns: dict[str, Any], suffix: str = "", **more: Any) -> None:
        known = load_contracts()[contract].columns
        for name, title in self.reading.columns.items():
            if name in known and name not in columns:
                columns[name] = title
        for name, (text, doubt) in self.facts.formats.items():
            title = self.reading.columns[name]
            if doubt:
                text = self.ask(f"date format of {title}", "day or month first? no value tells", text)
            for key, rule in columns.items():
                if rule == title:
                    columns[key] = {"from": title, "formats": [text]}
        if self.origin.is_series:
            more["extract_date"] = _SERIES
        elif self.origin.key is None and "extract_date" not in more and self.facts.last_day is not None:
            more["extract_date"] = self.facts.last_day
        place = dict(self.origin.place)
        first = {key: place.pop(key) for key in ("files", "table") if key in place}
        dataset = {"name": self.label + suffix, "contract": contract, **first, "scope": scope, **place, **more}
        order = [name for name in known if name in columns]
        self.proposal.datasets.append({**dataset, "columns": {name: columns[name] for name in order}})

    def _saw(self, line: str) -> None:
        """Add a line of evidence, once."""
        if line not in self.proposal.evidence:
            self.proposal.evidence += (line,)

    def _year(self, what: str) -> str:
        """The year of months that name none."""
        written = re.search(r"(?<!\d)(20\d{2})(?!\d)", f"{self.facts.notes} {self.origin.name}")
        changed = str(self.origin.changed.year)
        return self.ask(
            "year", f"of what year are the months of the {what}? (YYYY)", written[1] if written else changed
        )

    def _day_of_sheet(self, edge: str) -> dict[str, Any]:
        """The rule of the day that the name of a sheet gives: its last day ("end"), or the day before its first ("before")."""
        self._saw(f"the names of the sheets are {self.sheets.names_are} ({self.sheets.names[0]} ...)")
        if self.sheets.names_are == "months of a year":
            first = f"make_date({int(self._year('sheets'))}, regexp_extract({SHEET}, '[0-9]+'), 1)"
            return {"expr": f"last_day({first})" if edge == "end" else f"{first} - 1"}
        if self.sheets.names_are == "days":
            return {"from": SHEET} if edge == "end" else {"expr": f"cast({SHEET} as date) - 1"}
        if edge == "end":
            return {"from": SHEET, "formats": ["period_end"]}
        return {"expr": f"cast({SHEET} as date) - 1", "formats": ["period_start"]}

    def _place(self) -> Any:
        """The rule of the warehouse: its column, the name of the sheet, or the one warehouse that there is."""
        if "warehouse_code" in self.reading.columns:
            return self.reading.columns["warehouse_code"]
        if self.sheets.pattern and not self.sheets.names_are:
            self._saw(f"no column names a warehouse: each sheet is one ({', '.join(self.sheets.names[:3])} ...)")
            return SHEET
        return {"const": self.ask("warehouse", "the file names no warehouse; of which one is it?", _MAIN)}

    def _list_day(self) -> tuple[dict[str, Any], Any]:
        """Keys of the dataset and the rule of the day of a list: a column, a title row, the file name, or an answer."""
        if "as_of_date" in self.reading.columns:
            return {}, self.reading.columns["as_of_date"]
        if self.origin.key is not None:
            self._saw("a table of a database is of the day on which it is read")
            return {}, EXTRACT_DATE
        if self.sheets.names_are:
            return {}, self._day_of_sheet("end")
        for where, text in (("a title row", self.facts.notes), ("the file name", self.origin.name)):
            found = DAY_IN_NAME.search(text) or re.search(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})", text)
            day = _day(found) if found else None
            if day is not None:
                self._saw(f"its day is {day.isoformat()}, from {where}")
                return {"extract_date": day}, EXTRACT_DATE
        answer = self.ask("day", "of what day is this list? (YYYY-MM-DD)", self.origin.changed.isoformat())
        return {"extract_date": dt.date.fromisoformat(answer)}, EXTRACT_DATE

    def _line(self, columns: dict[str, Any], document: str, line: str) -> dict[str, Any]:
        """Keys of the dataset that give its rows a line number: the file's own, or the position within the document."""
        own = self.reading.columns.get(line)
        if own is not None and self.facts.has_lines:
            return {}
        if self.origin.key is not None:
            columns[line] = self._row_id()
            self._saw(f"no column numbers its lines: its key does ({', '.join(self.origin.key)})")
            return {}
        title = self.reading.columns.get(document)
        columns[line] = POSITION if title is not None else ROW_NUMBER
        self._saw(
            f"no column numbers its lines: the position within {title} does"
            if title is not None
            else "no column numbers its documents: the row number does"
        )
        return {"position_by": [title]} if title is not None else {}

    def _row_id(self) -> Any:
        """The rule of what tells a row from all others: its number in a file, its key in a table."""
        if self.origin.key is None:
            return ROW_NUMBER
        if len(self.origin.key) == 1:
            return self.origin.key[0]
        return {"expr": " || '-' || ".join(f'cast("{name}" as varchar)' for name in self.origin.key)}

    def _stock(self) -> None:
        keys, day = self._list_day()
        columns: dict[str, Any] = {"as_of_date": day}
        if self.reading.cells_are == "warehouses":
            listed = "|".join(re.escape(title) for title in self.reading.cells)
            keys["unpivot"] = {"columns": listed, "name": "_warehouse", "value": "_units"}
            columns |= {"warehouse_code": "_warehouse", "on_hand_units": "_units"}
        else:
            columns["warehouse_code"] = self._place()
        self._dataset("stock_on_hand", "period", columns, **keys)
        self.proposal.datasets[-1]["columns"].pop("stock_status", None)

    def _sales(self) -> None:
        columns: dict[str, Any] = {"warehouse_code": self._place()}
        if self.reading.cells_are == "months":
            item = self.reading.columns["item_code"]
            has_years = re.fullmatch(MONTH_TITLE, self.reading.cells[0].strip()) is not None
            title, year = (MONTH_TITLE, "year") if has_years else (YEARLESS_TITLE, str(int(self._year("columns"))))
            keys: dict[str, Any] = {"unpivot": {"columns": title, "name": "_month", "value": "_units"}}
            columns |= {
                "shipment_no": "_month", "shipment_line_id": item, "shipped_units": "_units",
                "shipment_date": {"expr": f"last_day(make_date({year}, month, 1))"},
            }  # fmt: skip
            self._dataset("sales_shipment_line", "key", columns, **keys)
            return
        keys = self._line(columns, "shipment_no", "shipment_line_id")
        if "shipment_no" not in self.reading.columns:
            columns["shipment_no"] = {"const": self.label}
        units, price = self.reading.columns["shipped_units"], self.reading.columns.get("unit_price")
        if "revenue_value" not in self.reading.columns and price is not None:
            columns["revenue_value"] = {"expr": f'"{units}" * "{price}"'}
        columns["line_kind"] = {"expr": f"case when \"{units}\" < 0 then 'return' else 'shipment' end"}
        self._dataset("sales_shipment_line", "key", columns, **keys)

    def _movement(self) -> None:
        found = self.reading.columns
        columns: dict[str, Any] = {"warehouse_code": self._place()}
        keys = self._line(columns, "doc_no", "source_line_id")
        document = found.get("doc_no")
        columns["doc_no"] = document or {"const": self.label}
        columns["source_doc_id"] = columns["doc_no"]
        columns["source_doc_type"] = found.get("movement_type") or {"const": self.label}
        if "quantity_units" in found:
            quantity = f'"{found["quantity_units"]}"'
        else:
            sides = [f'coalesce("{found[name]}", 0)' for name in ("in_units", "out_units") if name in found]
            quantity = " - ".join(sides) if "in_units" in found else f"-{sides[0]}"
        if self.facts.codes and "movement_type" in found:
            columns["movement_type"] = {"from": found["movement_type"], "enum": self._enum()}
        else:
            columns["movement_type"] = {"expr": f"case when {quantity} < 0 then 'other_out' else 'other_in' end"}
        if "quantity_units" in found and self.facts.codes:
            out = [code for code, kind in self.proposal.enums[f"{self.label}_types"].items() if kind in _OUTWARD]
            listed = ", ".join("'" + code.replace("'", "''") + "'" for code in out)
            if listed:
                quantity = (
                    f'case when "{found["movement_type"]}" in ({listed}) then -abs({quantity}) else {quantity} end'
                )
        columns["quantity_units"] = {"expr": quantity}
        self._dataset("stock_movement", "key", columns, **keys)

    def _enum(self) -> str:
        known = {code: value for codes in load_mapping(_KNOWN_CODES).enums.values() for code, value in codes.items()}
        kinds = load_contracts()["stock_movement"].columns["movement_type"].values or ()
        codes: dict[str, Any] = {}
        for code in self.facts.codes:
            meant = known.get(code) if known.get(code) in kinds else _meant(code)
            if meant is None:
                meant = self.ask(f"type {code}", f"what is {code!r}? one of {', '.join(kinds)}", "other_out")
            codes[code] = meant
        self.proposal.enums[f"{self.label}_types"] = {**codes, "_default": "fail"}
        return f"{self.label}_types"

    def _period_summary(self) -> None:
        found = self.reading.columns
        place = self._place()
        keys: dict[str, Any] = {}
        start: Any
        end: Any
        if self.sheets.names_are:
            start, end = self._day_of_sheet("before"), self._day_of_sheet("end")
        elif "year" in found and "month" in found:
            month_start = f'make_date("{found["year"]}", "{found["month"]}", 1)'
            start = {"expr": f"{month_start} - 1"}
            end = {"expr": f"last_day({month_start})"}
        elif "period" in found:
            start = {"expr": f'cast("{found["period"]}" as date) - 1', "formats": ["period_start"]}
            end = {"from": found["period"], "formats": ["period_end"]}
        elif (titled := re.search(r"(会计期间|期间|月份)[:：]", self.facts.notes)) is not None:
            self._saw(f"its period is in a title row ({titled[1]})")
            start = {"expr": f'cast("{titled[1]}" as date) - 1', "formats": ["period_start"]}
            end = {"from": titled[1], "formats": ["period_end"]}
        else:
            written = re.search(r"(20\d{2})[-_.年]?(0[1-9]|1[0-2])(?!\d)", f"{self.facts.notes} {self.origin.name}")
            changed = self.origin.changed.strftime("%Y-%m")
            default = f"{written[1]}-{written[2]}" if written is not None else changed
            year, month = map(int, self.ask("period", "of what month is this summary? (YYYY-MM)", default).split("-"))
            first = dt.date(year, month, 1)
            start = {"const": (first - dt.timedelta(days=1)).isoformat()}
            end = {"const": dt.date(year, month, calendar.monthrange(year, month)[1]).isoformat()}
        base = {"item_code": found["item_code"], "warehouse_code": place}
        opening: dict[str, Any] = {"columns": {"as_of_date": start, "on_hand_units": found["opening_units"]}}
        periods = [found[name] for name in ("year", "month", "period") if name in found]
        periods = [SHEET] if self.sheets.names_are else periods
        if periods:
            # Later openings are the closings of the periods before.
            grain = [found["item_code"], *([place] if isinstance(place, str) else [])]
            opening["keep_first"] = {"by": grain, "order": periods}
        if "opening_value" in found:
            opening["columns"]["stock_value"] = found["opening_value"]
        closing: dict[str, Any] = {"columns": {"as_of_date": end, "on_hand_units": found["closing_units"]}}
        if "stock_value" in found:
            closing["columns"]["stock_value"] = found["stock_value"]
        self._dataset("stock_on_hand", "key", dict(base), rows=[opening, closing], unknown_columns="drop", **keys)
        # The value of the closing is not that of the opening.
        self.proposal.datasets[-1]["columns"].pop("stock_value", None)
        flow = {
            "source_doc_type": {"const": "period_summary"},
            "doc_no": {"const": self.label},
            "source_doc_id": self._row_id(),
            "business_date": end,
            **base,
        }
        issued = f'-"{found["out_units"]}"'
        flows: list[dict[str, Any]] = [
            {"columns": {"source_line_id": {"const": "in"}, "movement_type": {"const": "other_in"}, "quantity_units": found["in_units"]},
             "where": f'coalesce("{found["in_units"]}", 0) <> 0'},
            {"columns": {"source_line_id": {"const": "out"}, "movement_type": {"const": "sales_issue"}, "quantity_units": {"expr": issued}},
             "where": f'coalesce("{found["out_units"]}", 0) <> 0'},
        ]  # fmt: skip
        if "in_value" in found:
            flows[0]["columns"]["cost_value"] = found["in_value"]
        self._dataset("stock_movement", "key", flow, "_flows", rows=flows, **keys)
        self._saw("what went out is taken as sold: a summary does not say for what")

    def _purchase_order(self) -> None:
        columns: dict[str, Any] = {"warehouse_code": self._place()}
        keys = self._line(columns, "po_no", "po_line_id")
        if "po_no" not in self.reading.columns:
            columns["po_no"] = {"const": self.label}
        if "supplier_code" not in self.reading.columns:
            columns["supplier_code"] = {
                "const": self.ask("supplier", "the orders name no supplier; who is it?", "UNKNOWN")
            }
        self._dataset("purchase_order_line", "key", columns, **keys)

    def _count(self) -> None:
        columns: dict[str, Any] = {"warehouse_code": self._place()}
        keys = self._line(columns, "count_no", "source_line_id")
        if "count_no" not in self.reading.columns:
            columns["count_no"] = {"const": self.label}
        if "count_date" not in self.reading.columns:
            more, day = self._list_day()
            keys |= more
            columns["count_date"] = day
        self._dataset("stock_count_line", "key", columns, **keys)

    def _item(self) -> None:
        columns: dict[str, Any] = {}
        if "base_uom" not in self.reading.columns:
            columns["base_uom"] = {"const": self.ask("unit", "the items have no unit; which one is it?", "pcs")}
        self._dataset("item", "full", columns)

    def _warehouse(self) -> None:
        self._dataset("warehouse", "full", {})

    def _supplier(self) -> None:
        self._dataset("supplier", "full", {})


def _with_aliases(value: Any) -> Any:
    """Expressions that name columns of joined tables as the mapping language does: `alias."column"`."""
    if isinstance(value, dict):
        return {
            key: re.sub(r'"(\w+)\.([^"]+)"', r'\1."\2"', inner) if key in ("expr", "where") else _with_aliases(inner)
            for key, inner in value.items()
        }
    return [_with_aliases(inner) for inner in value] if isinstance(value, list) else value


def _day(found: re.Match[str]) -> dt.date | None:
    try:
        return dt.date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


_MEANINGS = (
    (r"期初|opening|initial", "opening"), (r"采购退|purchase return", "purchase_return"), (r"销售退|sales? return", "sales_return"),
    (r"盘盈", "count_gain"), (r"盘亏", "count_loss"), (r"报损|报废|scrap", "scrap"), (r"调拨.*入|transfer in", "transfer_in"),
    (r"调拨.*出|transfer out", "transfer_out"), (r"采购|purchase|进货|收货", "purchase_receipt"), (r"销售|sale|发货|零售", "sales_issue"),
    (r"领料|生产领", "production_issue"), (r"产成品|完工|生产入", "production_receipt"), (r"入库|入|receipt", "other_in"),
    (r"出库|出|issue", "other_out"),
)  # fmt: skip


def _meant(code: str) -> str | None:
    """The movement type that a code says in so many words; None where it does not."""
    return next((kind for pattern, kind in _MEANINGS if re.search(pattern, code, re.IGNORECASE)), None)
