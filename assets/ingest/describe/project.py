"""Extracts and databases as sources of a new project: which sources, read by which first mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assets.ingest.describe.database import (
    database_address,
    database_files,
    database_kind,
    propose_tables,
    table_names,
)
from assets.ingest.describe.drafting import FileProposal, Question
from assets.ingest.describe.known_vendors import KnownVendor, find_database_vendor, find_vendor, parameters_of
from assets.ingest.describe.proposal import mapping_text, propose_files
from assets.ingest.errors import IngestError
from assets.ingest.live.secrets import Secrets, variable

_NAME = "extracts"
_SHOWN = 2
_SHOWN_TABLES = 20


@dataclass(frozen=True)
class DraftSource:
    """One source of a new project.

    `settings` are the keys of its entry under `sources:` beside `name` and `mapping`; `mapping` is the text of the
    mapping file; `notes` say what a person must look at; `environment` holds the address of a database by its variable.
    """

    name: str
    mapping: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def draft_sources(
    origin: str | Path,
    company_code: str,
    answers: Mapping[str, str] | None = None,
    ask: Callable[[Question], str] | None = None,
) -> tuple[DraftSource, ...]:
    """What extracts or a database are sources of; they stay where they are.

    Args:
        origin: a folder of extracts, in folders of any depth, a file of SQLite or DuckDB, or the address of a database.
        company_code: namespace of item and warehouse codes.
        answers: answers to questions by their keys.
        ask: asks a person what no file tells and no answer was given for; the default is taken without.

    Returns:
        A source for the files, and one for each database.

    Raises:
        ValueError: no such folder, nothing in it can be read, or an answer that no question asks for.
    """
    given = dict(answers or {})
    parts = _parts(origin, company_code, given)
    questions = [question for part in parts for question in part.questions]
    given = _answered(questions, given, ask)
    if ask is not None and questions:
        parts = _parts(origin, company_code, given)
    sources = [part.source(given) for part in parts if part.is_read]
    unread = [note for part in parts if not part.is_read for note in part.notes(given)]
    if not sources:
        said = "; ".join(unread) or "there is no file"
        raise ValueError(f"{_shown(origin)}: nothing can be read as anything: {said} See `stockturn describe`.")
    return (replace(sources[0], notes=(*unread, *sources[0].notes)), *sources[1:])


@dataclass(frozen=True)
class _Part:
    """What becomes one source: a system that is known, or files or tables that were looked at one by one."""

    name: str
    settings: Mapping[str, Any]
    files: tuple[FileProposal, ...] = ()
    vendor: KnownVendor | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def questions(self) -> tuple[Question, ...]:
        """What only the company knows."""
        if self.vendor is not None:
            return self.vendor.questions
        return tuple(question for file in self.files for question in file.questions)

    @property
    def is_read(self) -> bool:
        """True where there is something to read."""
        return self.vendor is not None or any(file.datasets for file in self.files)

    def notes(self, given: Mapping[str, str]) -> list[str]:
        """What each file or table was taken for."""
        return [line for file in self.files for line in _notes(file, given)]

    def source(self, given: Mapping[str, str]) -> DraftSource:
        """The source, with its mapping."""
        if self.vendor is not None:
            drafted = _vendor_source(self.name, self.vendor, self.settings, given)
        else:
            system = "excel" if self.settings["kind"] == "file" else "database"
            text = mapping_text(self.name, self.files, system)
            ending = f"the mapping is a proposal: try it with `stockturn mapping check mappings/{self.name}.yml`"
            drafted = DraftSource(self.name, text, self.settings, (*self.notes(given), ending))
        if not self.environment:
            return drafted
        said = f"its address is in .env as {', '.join(self.environment)}, which every command reads"
        return replace(drafted, environment=self.environment, notes=(*drafted.notes, said))


def _parts(origin: str | Path, company_code: str, given: Mapping[str, str]) -> list[_Part]:
    """The sources that there may be, by what was answered."""
    try:
        if "://" in str(origin):
            return [_database_part("database", str(origin), "database", company_code, given)]
        folder = Path(origin)
        if folder.is_file() and database_kind(folder):
            return [_database_part("database", database_address(folder), folder.name, company_code, given)]
        if not folder.is_dir():
            raise ValueError(f"{folder}: no such folder of extracts")
        databases = [
            _database_of_folder(folder, path, f"database_{number}" if number > 1 else "database", company_code, given)
            for number, path in enumerate(database_files(folder), start=1)
        ]
        return [*_file_parts(folder, company_code, given, is_alone=not databases), *databases]
    except IngestError as error:
        raise ValueError(f"{_shown(origin)}: {error}") from error


def _file_parts(folder: Path, company_code: str, given: Mapping[str, str], *, is_alone: bool) -> list[_Part]:
    vendor = find_vendor(folder, company_code, given)
    if vendor is not None:
        return [_Part(_NAME, _settings(vendor.folder or folder, company_code), vendor=vendor)]
    files = tuple(propose_files(folder, given))
    return [_Part(_NAME, _settings(folder, company_code), files)] if files or is_alone else []


def _database_of_folder(folder: Path, path: Path, name: str, company_code: str, given: Mapping[str, str]) -> _Part:
    """A database among other files: one that cannot be opened is listed, and the others are read."""
    title = path.relative_to(folder).as_posix()
    try:
        return _database_part(name, database_address(path), title, company_code, given)
    except IngestError as error:
        return _Part(name, {"kind": "sql"}, (FileProposal(title, 0, "", "", (), (), problem=str(error)),))


def _database_part(name: str, address: str, title: str, company_code: str, given: Mapping[str, str]) -> _Part:
    environment = {variable(name, "URL"): address}
    secrets = Secrets(name, environment)
    settings = {"kind": "sql", "instance": f"{company_code}_{name.upper()}", "company_code": company_code}
    vendor = find_database_vendor(secrets, table_names(secrets), company_code, given)
    if vendor is not None:
        return _Part(name, settings, vendor=vendor, environment=environment)
    return _Part(name, settings, tuple(propose_tables(secrets, title, given)), environment=environment)


def _shown(origin: str | Path) -> str:
    """A folder as it was given; of an address nothing that could be a secret."""
    return "the database" if "://" in str(origin) else str(origin)


def _answered(
    questions: Sequence[Question], given: Mapping[str, str], ask: Callable[[Question], str] | None
) -> dict[str, str]:
    """Answers, those that a person is asked for included; raises ValueError for an answer that no question asks for."""
    unknown = sorted(set(given) - {question.key for question in questions})
    if unknown:
        asked = ", ".join(question.key for question in questions) or "none"
        raise ValueError(f"answers for what is not asked: {', '.join(unknown)}; the questions are: {asked}")
    open_ones = [question for question in questions if question.key not in given] if ask is not None else []
    return {**given, **{question.key: ask(question) for question in open_ones if ask is not None}}


def _settings(folder: Path, company_code: str) -> dict[str, Any]:
    return {
        "kind": "file",
        "path": str(folder.resolve()),
        "instance": f"{company_code}_EXTRACTS",
        "company_code": company_code,
    }


def _vendor_source(own: str, vendor: KnownVendor, base: Mapping[str, Any], given: Mapping[str, str]) -> DraftSource:
    """A source that the mapping of its system reads; the project's mapping builds on it, for what the company adds."""
    name = vendor.mapping.mapping
    text = (
        f"# Builds on the mapping {name} of the product; what is written here completes or replaces it (docs/mapping.md).\n"
        f"mapping: {own}\nextends: {name}\nversion: 1\nsource_system: {vendor.mapping.source_system}\n"
    )
    settings = dict(base)
    parameters = parameters_of(vendor.mapping, given)
    if parameters:
        settings["parameters"] = parameters
    notes = [f"the tables are those of {vendor.mapping.title or name}: the mapping {name} reads them", *vendor.evidence]
    if vendor.folder is not None:
        notes += [f"{file}: NOT READ: no dataset of {name} asks for it" for file in vendor.unread]
    elif vendor.unread:
        shown = ", ".join(vendor.unread[:_SHOWN_TABLES]) + (" ..." if len(vendor.unread) > _SHOWN_TABLES else "")
        notes.append(f"{len(vendor.unread)} tables NOT READ: no dataset of {name} asks for them ({shown})")
    notes += [_answer_line(question, given) for question in vendor.questions]
    return DraftSource(own, text, settings, tuple(notes))


def _notes(file: FileProposal, given: Mapping[str, str]) -> list[str]:
    """What a file was taken for and why, with its first rows, and the answers that nobody gave."""
    if not file.datasets:
        return [f"{file.file}: NOT READ: {file.problem}"]
    lines = [f"{file.file}: {file.rows} rows, {file.title} ({'; '.join(file.evidence)})"]
    lines += [f"    {', '.join(f'{title} {text}' for title, text in row.items())}" for row in file.sample[:_SHOWN]]
    if file.unused:
        lines.append(f"    not used: {', '.join(file.unused)}")
    return [*lines, *(f"    {_answer_line(question, given)}" for question in file.questions)]


def _answer_line(question: Question, given: Mapping[str, str]) -> str:
    how = "answered" if question.key in given else "taken for want of an answer"
    return f"{question.key}: {question.text} -> {given.get(question.key, question.default)} ({how})"
