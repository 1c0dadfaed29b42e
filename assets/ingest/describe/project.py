"""A folder of extracts as sources of a new project: which source, read by which first mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assets.ingest.describe.drafting import FileProposal, Question
from assets.ingest.describe.known_vendors import KnownVendor, find_vendor, parameters_of
from assets.ingest.describe.proposal import mapping_text, propose_files
from assets.ingest.errors import IngestError

_NAME = "extracts"
_SHOWN = 2


@dataclass(frozen=True)
class DraftSource:
    """One source of a new project.

    `settings` are the keys of its entry under `sources:` beside `name` and `mapping`; `mapping` is the text of the
    mapping file; `notes` say what a person must look at.
    """

    name: str
    mapping: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def draft_sources(
    folder: Path,
    company_code: str,
    answers: Mapping[str, str] | None = None,
    ask: Callable[[Question], str] | None = None,
) -> tuple[DraftSource, ...]:
    """What a folder of extracts is a source of; the files stay where they are.

    Args:
        folder: the extracts, in folders of any depth.
        company_code: namespace of item and warehouse codes.
        answers: answers to questions by their keys.
        ask: asks a person what no file tells and no answer was given for; the default is taken without.

    Raises:
        ValueError: no such folder, nothing in it can be read, or an answer that no question asks for.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder of extracts")
    given = dict(answers or {})
    vendor = find_vendor(folder, company_code, given)
    if vendor is not None:
        given = _answered(vendor.questions, given, ask)
        return (_vendor_source(vendor, company_code, given),)
    files = propose_files(folder, given)
    questions = [question for file in files for question in file.questions]
    given = _answered(questions, given, ask)
    try:
        files = propose_files(folder, given) if ask is not None and questions else files
        text = mapping_text(_NAME, files)
    except IngestError as error:
        raise ValueError(f"{folder}: {error}") from error
    notes = [line for file in files for line in _notes(file, given)]
    notes.append("the mapping is a proposal: try it with `stockturn mapping check mappings/extracts.yml`")
    return (DraftSource(_NAME, text, _settings(folder, company_code), tuple(notes)),)


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


def _vendor_source(vendor: KnownVendor, company_code: str, given: Mapping[str, str]) -> DraftSource:
    """A source that the mapping of its system reads; the project's mapping builds on it, for what the company adds."""
    name = vendor.mapping.mapping
    text = (
        f"# Builds on the mapping {name} of the product; what is written here completes or replaces it (docs/mapping.md).\n"
        f"mapping: {_NAME}\nextends: {name}\nversion: 1\nsource_system: {vendor.mapping.source_system}\n"
    )
    settings = _settings(vendor.folder, company_code)
    parameters = parameters_of(vendor.mapping, given)
    if parameters:
        settings["parameters"] = parameters
    notes = [f"the tables are those of {vendor.mapping.title or name}: the mapping {name} reads them", *vendor.evidence]
    notes += [f"{file}: NOT READ: no dataset of {name} asks for it" for file in vendor.unread]
    notes += [_answer_line(question, given) for question in vendor.questions]
    return DraftSource(_NAME, text, settings, tuple(notes))


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
