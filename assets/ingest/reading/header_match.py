"""Matches the headers of a file with those a dataset asks for; what is missing or unknown is reported in one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field

from assets.ingest.describe.kinds import contradiction, detect_kind
from assets.ingest.errors import IngestError
from assets.ingest.mapping.expressions import headers_of, parse_expression
from assets.ingest.mapping.language import Branch, Dataset
from assets.ingest.reading.raw_table import RawFile, normal_header

PERIOD_SUMMARY = "period_summary"
"""The kind of a summary, and the document type under which a mapping may post its sums as movements of the period's last day."""


def branch_headers(branch: Branch) -> tuple[list[str], list[str]]:
    """Source headers that a branch must find, and those that it can do without."""
    must: list[str] = []
    may: list[str] = []
    for rule in branch.columns.values():
        (may if rule.optional else must).extend(rule.headers)
    if branch.where is not None:
        must += headers_of(parse_expression(branch.where))
    if branch.keep_first is not None:
        must += [*branch.keep_first.by, *branch.keep_first.order]
    return must, may


def dataset_headers(dataset: Dataset) -> tuple[list[str], list[str]]:
    """Headers that a dataset needs (in order, once each) and those that are optional."""
    must: list[str] = []
    may: list[str] = []
    for branch in dataset.branches:
        needed, optional = branch_headers(branch)
        must, may = must + needed, may + optional
    if dataset.condition is not None:
        must += headers_of(parse_expression(dataset.condition))
    if dataset.balance is not None:
        must += dataset.balance.headers
    if dataset.combine is not None:
        must += dataset.combine.headers
    must = list(dict.fromkeys(must))
    return must, [header for header in dict.fromkeys(may) if header not in must]


@dataclass(frozen=True)
class HeaderMatch:
    """Where each asked-for header is, and which columns of the file nobody asked for."""

    columns: dict[str, str]
    unused: tuple[tuple[str, str], ...]
    titles: dict[str, str] = field(default_factory=dict)

    def title_of(self, header: str) -> str:
        """A header as it is in the file, for messages."""
        return self.titles.get(self.columns.get(normal_header(header), ""), header)

    def column_of(self, header: str) -> str:
        """Internal column of a header; KeyError for an optional one that the file lacks."""
        return self.columns[normal_header(header)]

    def has(self, header: str) -> bool:
        """True where the file has the header."""
        return normal_header(header) in self.columns


def _by_synonyms(dataset: Dataset, found: dict[str, str], file: str) -> dict[str, str]:
    """Let a header mean the one of its synonyms that the file has; returns which it is, both as they are compared.

    Names under `otherwise` mean it only where none of the certain ones is there: 数量 is the base quantity of a file
    without 基本数量.
    """
    called: dict[str, str] = {}
    for header in dict.fromkeys((*dataset.synonyms, *dataset.otherwise)):
        names = list(dict.fromkeys(map(normal_header, (header, *dataset.synonyms.get(header, ())))))
        weak = list(dict.fromkeys(map(normal_header, dataset.otherwise.get(header, ()))))
        present = [name for name in names if name in found] or [name for name in weak if name in found]
        if len(present) > 1:
            raise IngestError(
                f"has several columns that mean {header}: {', '.join(present)}",
                file=file,
                row=dataset.header_row,
                column=header,
                fix="Leave one of them in the file, or name the right one in the mapping.",
            )
        if present and present[0] != names[0]:
            found[names[0]] = found[present[0]]
            called[names[0]] = present[0]
    return called


def _says_sums(dataset: Dataset) -> bool:
    """True where the mapping calls its rows what they are: one movement for all of a period."""
    rule = dataset.columns.get("source_doc_type")
    return rule is not None and rule.const == PERIOD_SUMMARY


def refuse_other_kind(dataset: Dataset, header: Sequence[str], file: str) -> None:
    """Refuse a file that certainly is of a kind which must not be read as this dataset (file rules 11 and 15)."""
    found = contradiction(dataset.kind, dataset.contract, header)
    if found is not None and found.kind.name == PERIOD_SUMMARY and _says_sums(dataset):
        return
    if found is not None:
        raise IngestError(
            f"is {found}, which cannot be read as {dataset.contract}",
            file=file,
            fix="A summary says what moved in all, not when: export the movements themselves (出入库流水), and give the summary a "
            "name of its own kind."
            if found.kind.name == "period_summary"
            else "Give the file the name of its kind, or leave it out of the folder.",
        )


def match_header(dataset: Dataset, raw: RawFile, file: str) -> HeaderMatch:
    """Match; raises IngestError for a missing, ambiguous or (with `unknown_columns: fail`) unknown header."""
    found: dict[str, str] = {}
    for header, column in zip(raw.header, raw.columns, strict=True):
        found.setdefault(normal_header(header), column)
    called = _by_synonyms(dataset, found, file)
    must, may = dataset_headers(dataset)
    missing = [header for header in must if normal_header(header) not in found]
    if missing:
        own = [header for header in raw.header if header not in raw.added]
        close = difflib.get_close_matches(missing[0], own, n=1, cutoff=0.6)
        hint = f" Did the header change to {close[0]!r}?" if close else ""
        kind = detect_kind(raw.header)
        if kind is not None and kind.kind.contract != dataset.contract:
            hint += f" It looks like {kind}."
        raise IngestError(
            f"the header lacks {', '.join(missing)}; it has {', '.join(own)}",
            file=file,
            row=dataset.header_row,
            column=missing[0],
            fix=f"Export the file with these columns, or correct dataset {dataset.name!r} of the mapping.{hint}",
        )
    asked = {normal_header(header) for header in (*must, *may)}
    asked |= {other for header, other in called.items() if header in asked}
    repeated = [header for header in raw.header if header.endswith("_2") and normal_header(header[:-2]) in asked]
    repeated = [header for header in repeated if normal_header(header) not in asked]
    if repeated:
        raise IngestError(
            "the header appears twice, so it is not clear which column is meant",
            file=file,
            row=dataset.header_row,
            column=repeated[0][:-2],
            fix="Rename one of the two.",
        )
    unused = tuple(
        (header, column)
        for header, column in zip(raw.header, raw.columns, strict=True)
        if normal_header(header) not in asked
    )
    if unused and dataset.unknown_columns == "fail":
        raise IngestError(
            f"the header has unknown columns {', '.join(header for header, _ in unused)}",
            file=file,
            row=dataset.header_row,
            column=unused[0][0],
            fix="Map them, or set `unknown_columns: ext` to keep them as they are.",
        )
    titles = dict(zip(raw.columns, raw.header, strict=True))
    kept = () if dataset.unknown_columns == "drop" else unused
    return HeaderMatch({key: found[key] for key in asked if key in found}, kept, titles)
