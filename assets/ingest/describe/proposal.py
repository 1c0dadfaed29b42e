"""A mapping that runs, proposed for a folder of unknown files: what each file seems to be, on what evidence, and what its owner must say.

Nothing is guessed silently: every guess has a line of evidence, every gap a question with the answer that is taken where nobody
gives another.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import yaml

from assets.ingest.describe.database import database_kind
from assets.ingest.describe.document_lists import lists_in
from assets.ingest.describe.drafting import Drafter, FileProposal, Question
from assets.ingest.describe.file_facts import columns_of, first_rows, gather_facts
from assets.ingest.describe.headers import SUFFIXES, read_unknown
from assets.ingest.describe.origin import origin_of_file
from assets.ingest.describe.roles import is_row_of_data, read_role
from assets.ingest.describe.workbook_sheets import SheetGroup, group_sheets
from assets.ingest.errors import IngestError
from assets.ingest.reading.any_file import JSON_SUFFIXES, TEXT_SUFFIXES
from assets.ingest.reading.excel import SHEETS_LEFT, sheet_names
from assets.ingest.reading.limits import check_workbook
from assets.ingest.typing.text_macros import install_macros

_WORKBOOKS = (".xlsx", ".xls")
_ARCHIVES = (".zip", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz")
_HEADER = "columns"
_WHICH_COLUMNS = "what are its columns? names in their order, with commas"


def propose_files(folder: Path, answers: Mapping[str, str] | None = None) -> list[FileProposal]:
    """Look at every file of a folder, in the order of their names; `answers` are taken before the defaults of questions."""
    given = answers or {}
    return [_propose(path, group, given) for path in _files(folder) for group in _groups(folder, path)]


def mapping_text(name: str, files: Sequence[FileProposal], system: str = "excel") -> str:
    """The mapping that reads what was understood: YAML, each dataset below its evidence; `system` is its source system.

    Raises IngestError where nothing was understood.
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
        "source_system": system,
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
        if path.is_file() and not path.name.startswith((".", "~$")) and not database_kind(path):
            yield path


def _groups(folder: Path, path: Path) -> list[SheetGroup]:
    """The tables of a file: one, or what the sheets of a workbook hold. A sheet without a table is left out."""
    file = path.relative_to(folder).as_posix()
    if path.suffix.lower() in JSON_SUFFIXES:
        try:
            lists = lists_in(path, file)
        except IngestError:
            lists = [()]  # reading it says what is wrong
        return [SheetGroup(file, ".".join(at) if len(lists) > 1 else "", at=at) for at in lists]
    try:
        check_workbook(path, file)
        names = sheet_names(path, file) if path.suffix.lower() in _WORKBOOKS else []
    except IngestError:
        return [SheetGroup(file)]  # reading it says what is wrong; an .xls may be text or a page
    if len(names) < 2:
        return [SheetGroup(file)]
    headers = []
    for name in names:
        with tempfile.TemporaryDirectory() as work, duckdb.connect(":memory:") as connection:
            install_macros(connection)
            try:
                raw = read_unknown(connection, path, file, Path(work), {"sheet": name})
            except IngestError:
                continue
            if raw.rows_in and read_role(columns_of(connection, raw)) is not None:
                headers.append((name, raw.header))
    groups = group_sheets(file, headers)
    return groups or [SheetGroup(file, names[0])]


def _propose(path: Path, sheets: SheetGroup, answers: Mapping[str, str]) -> FileProposal:
    if path.suffix.lower() not in (*SUFFIXES, *JSON_SUFFIXES):
        kind = path.suffix.lower() or "without a suffix"
        fix = "unpack it beside the others" if kind in _ARCHIVES else "export it as CSV, .xlsx, JSON or Parquet"
        return _not_read(sheets, f"files {kind} are not read: {fix}")
    given = answers.get(f"{sheets.file}: {_HEADER}", "").strip()
    if given:
        sheets = replace(sheets, header=tuple(name.strip() for name in re.split(r"[,，]", given)))
    with tempfile.TemporaryDirectory() as work, duckdb.connect(":memory:") as connection:
        install_macros(connection)
        try:
            raw = read_unknown(connection, path, sheets.file, Path(work), sheets.keys)
        except (IngestError, ValueError) as error:
            refused = _not_read(sheets, " ".join(str(error).split()))
            if sheets.header:
                refused.questions.append(Question(f"{sheets.file}: {_HEADER}", _WHICH_COLUMNS, ""))
            return refused
        sample = first_rows(connection, raw)
        columns = [column for column in columns_of(connection, raw) if column.name not in raw.added]
        reading = read_role(columns)
        if reading is None:
            proposal = _not_read(sheets, f"its columns are of no kind that is known: {', '.join(raw.header)}")
            proposal.rows, proposal.sample = raw.rows_in, sample
            if path.suffix.lower() in (*TEXT_SUFFIXES, *_WORKBOOKS) and not sheets.header and is_row_of_data(columns):
                row = ", ".join(raw.header)
                proposal.problem = (
                    f"it has no row of names: its first row ({row}) reads like the others; answer what its columns are"
                )
                proposal.questions.append(Question(f"{sheets.file}: {_HEADER}", _WHICH_COLUMNS, ""))
            return proposal
        used = {*reading.columns.values(), *reading.cells, *raw.added}
        proposal = FileProposal(
            sheets.title,
            raw.rows_in,
            reading.role.title,
            reading.role.contract,
            (*reading.evidence, *(note for note in raw.notes if note.startswith(SHEETS_LEFT))),
            sample,
            unused=tuple(title for title in raw.header if title not in used),
        )
        if sheets.at:
            proposal.evidence += (f"its rows are the list {'.'.join(sheets.at)}",)
        if sheets.header:
            proposal.questions.append(Question(f"{sheets.file}: {_HEADER}", _WHICH_COLUMNS, ""))
        facts = gather_facts(connection, raw, reading)
    Drafter(proposal, reading, facts, origin_of_file(path, sheets), answers).draft()
    return proposal


def _not_read(sheets: SheetGroup, problem: str) -> FileProposal:
    return FileProposal(sheets.title, 0, "", "", (), (), problem=problem)
