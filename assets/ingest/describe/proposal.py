"""A mapping that runs, proposed for a folder of unknown files: what each file seems to be, on what evidence, and what its owner must say.

Nothing is guessed silently: every guess has a line of evidence, every gap a question with the answer that is taken where nobody
gives another.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from assets.ingest.contracts import load_contracts
from assets.ingest.describe.headers import SUFFIXES, read_unknown
from assets.ingest.describe.roles import MONTH_TITLE, Column, Reading, read_role
from assets.ingest.errors import IngestError
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.mapping.row_keys import POSITION, ROW_NUMBER
from assets.ingest.mapping.source_keys import EXTRACT_DATE
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW
from assets.ingest.typing.text_macros import date_macros, install_macros

_SAMPLES = 8
_DAYS = ("business_date", "shipment_date", "count_date", "order_date")
_MOST_CODES = 200
_DAY_IN_NAME = re.compile(r"(\d{4})[-_.年]?(\d{2})[-_.月]?(\d{2})")
_SERIES = r"(\d{4}[-_.年]?\d{2}[-_.月]?\d{2})"
_MAIN = "MAIN"
_OUTWARD = (
    "sales_issue", "purchase_return", "production_issue", "transfer_out", "count_loss", "other_out", "scrap", "internal_use",
    "adjustment_out",
)  # fmt: skip
_KNOWN_CODES = "generic_excel"
"""The mapping that knows the codes which most systems write."""


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


def propose_files(folder: Path, answers: Mapping[str, str] | None = None) -> list[FileProposal]:
    """Look at every file of a folder, in the order of their names; `answers` are taken before the defaults of questions."""
    given = answers or {}
    return [_propose(folder, path, given) for path in _files(folder)]


def mapping_text(name: str, files: Sequence[FileProposal]) -> str:
    """The mapping that reads the files that were understood: YAML, each dataset below its evidence.

    Raises IngestError where no file was understood.
    """
    read = [file for file in files if file.datasets]
    seen: list[dict[str, Any]] = []
    if not read:
        said = "; ".join(f"{file.file}: {file.problem or 'not understood'}" for file in files) or "there is no file"
        raise IngestError(
            f"no file of the folder can be read as anything: {said}", fix="See `stockturn describe FOLDER`."
        )
    contracts = {dataset["contract"] for file in read for dataset in file.datasets}
    head = {
        "mapping": name,
        "version": 1,
        "title": name,
        "source_system": "excel",
        "capabilities": {
            "has_ledger": any(file.title == "stock movements" for file in read),
            "has_orders": "sales_order_line" in contracts,
        },
        "enums": {key: codes for file in read for key, codes in file.enums.items()},
    }
    lines = [
        "# Proposed from the files by `stockturn init`; every line can be changed. `stockturn mapping check` tries it.",
        _yaml(head),
        "datasets:",
    ]
    for file in read:
        lines += [f"  # {file.file}: {file.rows} rows, {file.title}", *(f"  #   {line}" for line in file.evidence)]
        lines += [f"  #   not used: {', '.join(file.unused)}"] if file.unused else []
        for dataset in file.datasets:
            # Files of one series are one dataset.
            plain = {key: value for key, value in dataset.items() if key != "name"}
            if plain in seen:
                continue
            seen.append(plain)
            lines.append("\n".join(f"  {line}" for line in _yaml([dataset]).splitlines()))
    return "\n".join(lines) + "\n"


def _yaml(data: object) -> str:
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120).rstrip()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.startswith((".", "~$")):
            yield path


def _propose(folder: Path, path: Path, answers: Mapping[str, str]) -> FileProposal:
    name = path.relative_to(folder).as_posix()
    with tempfile.TemporaryDirectory() as work, duckdb.connect(":memory:") as connection:
        install_macros(connection)
        try:
            raw = read_unknown(connection, path, name, Path(work))
        except IngestError as error:
            return FileProposal(name, 0, "", "", (), (), problem=str(error))
        columns = [
            Column(title, _samples(connection, column)) for title, column in zip(raw.header, raw.columns, strict=True)
        ]
        places = dict(zip(raw.header, raw.columns, strict=True))
        first = connection.execute(
            f"SELECT {', '.join(raw.columns)} FROM {RAW_TABLE} ORDER BY {SOURCE_ROW} LIMIT 3"
        ).fetchall()
        sample = tuple({title: text for title, text in zip(raw.header, row, strict=True) if text} for row in first)
        reading = read_role(columns)
        if reading is None:
            said = f"its columns are of no kind that is known: {', '.join(raw.header)}"
            return FileProposal(name, raw.rows_in, "", "", (), sample, problem=said)
        used = {*reading.columns.values(), *reading.cells}
        proposal = FileProposal(
            name,
            raw.rows_in,
            reading.role.title,
            reading.role.contract,
            reading.evidence,
            sample,
            unused=tuple(title for title in raw.header if title not in used),
        )
        codes: list[str] = []
        if "movement_type" in reading.columns:
            codes = _distinct(connection, places[reading.columns["movement_type"]])
        has_lines = _is_key(connection, places, reading)
        day_first = _is_day_first(connection, places, reading)
        last_day = _last_day(connection, places, reading, day_first)
        notes = " ".join(cell for _, cells in raw.above for cell in cells)
    _Drafter(proposal, reading, path, answers, codes, has_lines, notes, day_first, last_day).draft()
    return proposal


def _samples(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[str, ...]:
    rows = connection.execute(
        f"SELECT DISTINCT {column} FROM (SELECT {column} FROM {RAW_TABLE} WHERE sk_text({column}) IS NOT NULL LIMIT 500) LIMIT {_SAMPLES}"
    ).fetchall()
    return tuple(sorted(row[0] for row in rows))


def _distinct(connection: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    query = f"SELECT DISTINCT sk_code({column}) AS code FROM {RAW_TABLE} WHERE sk_text({column}) IS NOT NULL ORDER BY 1 LIMIT {_MOST_CODES}"
    return [row[0] for row in connection.execute(query).fetchall()]


def _is_key(connection: duckdb.DuckDBPyConnection, places: Mapping[str, str], reading: Reading) -> bool:
    """True where document and line number tell every row from the others."""
    document = (
        reading.columns.get("shipment_no")
        or reading.columns.get("doc_no")
        or reading.columns.get("po_no")
        or reading.columns.get("count_no")
    )
    line = next((reading.columns[name] for name in reading.columns if name.endswith("line_id")), None)
    if document is None or line is None:
        return False
    a, b = places[document], places[line]
    row = connection.execute(
        f"SELECT count(*), count(DISTINCT (sk_code({a}), sk_code({b}))) FROM {RAW_TABLE}"
    ).fetchone()
    return row is not None and row[0] == row[1]


def _is_day_first(
    connection: duckdb.DuckDBPyConnection, places: Mapping[str, str], reading: Reading
) -> dict[str, list[str]]:
    """Formats of date columns whose year stands last: which part is the day, all of their values tell."""
    found = {}
    for name, title in reading.columns.items():
        if not name.endswith("_date"):
            continue
        column = places[title]
        row = connection.execute(
            rf"SELECT count(*) FILTER (regexp_matches(t, '^\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{4}}')), "
            rf"max(TRY_CAST(regexp_extract(t, '^(\d{{1,2}})', 1) AS INTEGER)), "
            rf"max(TRY_CAST(regexp_extract(t, '^\d{{1,2}}[/.-](\d{{1,2}})', 1) AS INTEGER)), "
            rf"any_value(regexp_extract(t, '^\d{{1,2}}([/.-])', 1)), "
            rf"count(*) FILTER (regexp_matches(t, '^\d{{1,2}}-[A-Za-z]{{3}}-\d{{2}}$')) "
            f"FROM (SELECT sk_text({column}) AS t FROM {RAW_TABLE}) WHERE t IS NOT NULL"
        ).fetchone()
        if row is not None and row[0]:
            mark = row[3]
            day_first = (row[1] or 0) > 12
            month_first = (row[2] or 0) > 12
            order = ("%d", "%m") if day_first or not month_first else ("%m", "%d")
            found[name] = [f"{order[0]}{mark}{order[1]}{mark}%Y", "" if day_first or month_first else "open"]
        elif row is not None and row[4]:
            found[name] = ["%d-%b-%y", ""]
    return found


def _last_day(
    connection: duckdb.DuckDBPyConnection, places: Mapping[str, str], reading: Reading, formats: Mapping[str, list[str]]
) -> dt.date | None:
    """The newest day of the file: what it was exported on, as far as it tells."""
    name = next((name for name in _DAYS if name in reading.columns), None)
    if name is None:
        return None
    connection.execute(";".join(date_macros("", formats.get(name, [])[:1], "UTC")))
    row = connection.execute(f"SELECT max(sk_date({places[reading.columns[name]]})) FROM {RAW_TABLE}").fetchone()
    return row[0] if row is not None else None


class _Drafter:
    """Fills the datasets, enums and questions of one file."""

    def __init__(
        self,
        proposal: FileProposal,
        reading: Reading,
        path: Path,
        answers: Mapping[str, str],
        codes: list[str],
        has_lines: bool,
        notes: str,
        formats: Mapping[str, list[str]],
        last_day: dt.date | None,
    ) -> None:
        self.proposal, self.reading, self.path, self.answers = proposal, reading, path, answers
        self.codes, self.has_lines, self.notes, self.formats, self.last_day = codes, has_lines, notes, formats, last_day
        self.label = re.sub(r"\W+", "_", Path(proposal.file).with_suffix("").as_posix()).strip("_") or "file"
        self.label = self.label if self.label[0].isalpha() else f"f_{self.label}"

    def draft(self) -> None:
        """Build the dataset by its role."""
        getattr(self, f"_{self.reading.role.name}")()

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
        for name, (text, doubt) in self.formats.items():
            title = self.reading.columns[name]
            if doubt:
                text = self.ask(f"date format of {title}", "day or month first? no value tells", text)
            for key, rule in columns.items():
                if rule == title:
                    columns[key] = {"from": title, "formats": [text]}
        pattern = re.sub(r"([\[\]*?])", "[\\1]", self.proposal.file)
        if _DAY_IN_NAME.search(self.path.name) is not None:
            # One of a series: the next day's file is read like it.
            pattern = _DAY_IN_NAME.sub("*", pattern, count=1)
            more["extract_date"] = _SERIES
        elif "extract_date" not in more and self.last_day is not None:
            more["extract_date"] = self.last_day
        dataset = {"name": self.label + suffix, "contract": contract, "files": pattern, "scope": scope, **more}
        order = [name for name in known if name in columns]
        self.proposal.datasets.append({**dataset, "columns": {name: columns[name] for name in order}})

    def _place(self) -> Any:
        """The rule of the warehouse: its column, or the one warehouse that there is."""
        if "warehouse_code" in self.reading.columns:
            return self.reading.columns["warehouse_code"]
        return {"const": self.ask("warehouse", "the file names no warehouse; of which one is it?", _MAIN)}

    def _list_day(self) -> tuple[dict[str, Any], Any]:
        """Keys of the dataset and the rule of the day of a list: a column, a title row, the file name, or an answer."""
        if "as_of_date" in self.reading.columns:
            return {}, self.reading.columns["as_of_date"]
        for where, text in (("a title row", self.notes), ("the file name", self.path.name)):
            found = _DAY_IN_NAME.search(text) or re.search(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})", text)
            day = _day(found) if found else None
            if day is not None:
                self.proposal.evidence += (f"its day is {day.isoformat()}, from {where}",)
                return {"extract_date": day}, EXTRACT_DATE
        changed = dt.datetime.fromtimestamp(self.path.stat().st_mtime, tz=dt.UTC).date().isoformat()
        answer = self.ask("day", "of what day is this list? (YYYY-MM-DD)", changed)
        return {"extract_date": dt.date.fromisoformat(answer)}, EXTRACT_DATE

    def _line(self, columns: dict[str, Any], document: str, line: str) -> dict[str, Any]:
        """Keys of the dataset that give its rows a line number: the file's own, or the position within the document."""
        own = self.reading.columns.get(line)
        if own is not None and self.has_lines:
            return {}
        title = self.reading.columns.get(document)
        columns[line] = POSITION if title is not None else ROW_NUMBER
        self.proposal.evidence += (
            f"no column numbers its lines: the position within {title} does"
            if title is not None
            else "no column numbers its documents: the row number does",
        )
        return {"position_by": [title]} if title is not None else {}

    def _stock(self) -> None:
        keys, day = self._list_day()
        columns: dict[str, Any] = {"as_of_date": day}
        if self.reading.cells_are == "warehouses":
            listed = "|".join(re.escape(title) for title in self.reading.cells)
            keys["unpivot"] = {"columns": listed, "name": "_warehouse", "value": "_units"}
            columns |= {"warehouse_code": "_warehouse", "on_hand_units": "_units"}
        else:
            columns["warehouse_code"] = self._place()
        if "stock_status" in self.reading.columns:
            del columns["stock_status"]
        self._dataset("stock_on_hand", "period", columns, **keys)
        self.proposal.datasets[-1]["columns"].pop("stock_status", None)

    def _sales(self) -> None:
        columns: dict[str, Any] = {"warehouse_code": self._place()}
        if self.reading.cells_are == "months":
            item = self.reading.columns["item_code"]
            keys: dict[str, Any] = {"unpivot": {"columns": MONTH_TITLE, "name": "_month", "value": "_units"}}
            columns |= {
                "shipment_no": "_month", "shipment_line_id": item, "shipped_units": "_units",
                "shipment_date": {"expr": "last_day(make_date(year, month, 1))"},
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
        if self.codes and "movement_type" in found:
            columns["movement_type"] = {"from": found["movement_type"], "enum": self._enum()}
        else:
            columns["movement_type"] = {"expr": f"case when {quantity} < 0 then 'other_out' else 'other_in' end"}
        if "quantity_units" in found and self.codes:
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
        for code in self.codes:
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
        if "year" in found and "month" in found:
            month_start = f'make_date("{found["year"]}", "{found["month"]}", 1)'
            start: Any = {"expr": f"{month_start} - 1"}
            end: Any = {"expr": f"last_day({month_start})"}
        elif "period" in found:
            start = {"expr": f'cast("{found["period"]}" as date) - 1', "formats": ["period_start"]}
            end = {"from": found["period"], "formats": ["period_end"]}
        elif (titled := re.search(r"(会计期间|期间|月份)[:：]", self.notes)) is not None:
            self.proposal.evidence += (f"its period is in a title row ({titled[1]})",)
            start = {"expr": f'cast("{titled[1]}" as date) - 1', "formats": ["period_start"]}
            end = {"from": titled[1], "formats": ["period_end"]}
        else:
            written = re.search(r"(20\d{2})[-_.年]?(0[1-9]|1[0-2])(?!\d)", f"{self.notes} {self.path.name}")
            changed = dt.datetime.fromtimestamp(self.path.stat().st_mtime, tz=dt.UTC).strftime("%Y-%m")
            default = f"{written[1]}-{written[2]}" if written is not None else changed
            year, month = map(int, self.ask("period", "of what month is this summary? (YYYY-MM)", default).split("-"))
            first = dt.date(year, month, 1)
            start = {"const": (first - dt.timedelta(days=1)).isoformat()}
            end = {"const": dt.date(year, month, calendar.monthrange(year, month)[1]).isoformat()}
        base = {"item_code": found["item_code"], "warehouse_code": place}
        opening = {"columns": {"as_of_date": start, "on_hand_units": found["opening_units"]}}
        closing: dict[str, Any] = {"columns": {"as_of_date": end, "on_hand_units": found["closing_units"]}}
        if "stock_value" in found:
            closing["columns"]["stock_value"] = found["stock_value"]
        self._dataset("stock_on_hand", "key", dict(base), rows=[opening, closing], **keys)
        flow = {
            "source_doc_type": {"const": "period_summary"},
            "doc_no": {"const": self.label},
            "source_doc_id": ROW_NUMBER,
            "business_date": end,
            **base,
        }
        issued = f'-"{found["out_units"]}"'
        flows = [
            {"columns": {"source_line_id": {"const": "in"}, "movement_type": {"const": "other_in"}, "quantity_units": found["in_units"]},
             "where": f'coalesce("{found["in_units"]}", 0) <> 0'},
            {"columns": {"source_line_id": {"const": "out"}, "movement_type": {"const": "sales_issue"}, "quantity_units": {"expr": issued}},
             "where": f'coalesce("{found["out_units"]}", 0) <> 0'},
        ]  # fmt: skip
        self._dataset("stock_movement", "key", flow, "_flows", rows=flows, **keys)
        self.proposal.evidence += ("what went out is taken as sold: a summary does not say for what",)

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
