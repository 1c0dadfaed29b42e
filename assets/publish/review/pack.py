"""Writes the pack: `review-<month>.html`, `.xlsx` and, where the extra `pdf` is installed, `.pdf`; each written beside and renamed."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from assets.optional import MissingExtraError
from assets.publish.releases import Release
from assets.publish.review.figures import read_review
from assets.publish.review.html import page, shown
from assets.publish.review.pdf import pdf_bytes
from assets.publish.review.tables import Language, Table, all_tables, word
from assets.publish.review.workbook import workbook
from assets.whole_files import write_whole

_FIRST = 5  # actions in the text; the files have all of them


@dataclass(frozen=True)
class ReviewPack:
    """The files of one month."""

    html: Path
    xlsx: Path
    pdf: Path | None = None
    """None where the extra `pdf` is not installed."""
    title: str = ""
    summary: str = ""
    """A line for each KPI with a target, comments and what to do first: what is sent where files are not taken."""

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.html, self.xlsx, self.pdf) if path is not None)


def write_review(
    release: Release,
    before: Release | None,
    folder: Path,
    *,
    company: str,
    company_code: str = "",
    language: Language,
    incidents: Sequence[Mapping[str, Any]] = (),
    comments: Sequence[Mapping[str, Any]] = (),
) -> ReviewPack:
    """The review of the month of `release`, compared with `before` (the last release of the month before, or None).

    `company` is its name; `company_code` says whose rows, where the release holds several companies, and is part of the file names.
    `comments`: what people said about the month, with at, user_name, comment.
    `incidents`: the open ones with incident_id, title, title_zh, gross_value, currency_code, state, due_date, owner_name.
    """
    review = replace(
        read_review(release, before, incidents, company_code), comments=tuple(dict(said) for said in comments)
    )
    tables = all_tables(review, language)
    folder.mkdir(parents=True, exist_ok=True)
    month = review.month + (f"-{company_code}" if company_code else "")
    html = page(review, tables, company, language)
    try:
        printed = pdf_bytes(html)
    except MissingExtraError:
        printed = None
    written = {
        kind: write_whole(folder / f"review-{month}.{kind}", content)
        for kind, content in (("html", html.encode()), ("xlsx", _saved(workbook(tables))), ("pdf", printed))
        if content is not None
    }
    title = f"{company}: {word(language, 'title', month=review.month)}"
    return ReviewPack(written["html"], written["xlsx"], written.get("pdf"), title, _summary(tables))


def _summary(tables: Sequence[Table]) -> str:
    known = {table.key: table for table in tables}
    lines = []
    for kpi, now, _, target, state, owner in known["targets"].rows:
        if shown(target, "ratio") != "—":
            lines.append(
                " · ".join(
                    part for part in (kpi, f"{shown(now, 'ratio')} / {shown(target, 'ratio')}", state, owner) if part
                )
            )
    actions = known["actions"]
    todo = [
        " · ".join(shown(value, kind) for value, kind in zip(row, actions.kinds, strict=True))
        for row in actions.rows[:_FIRST]
    ]
    said = [f"{row[1]}: {row[2]}" for row in known["comments"].rows]
    return "\n".join(
        [*lines, *(["", actions.title, *todo] if todo else []), *(["", known["comments"].title, *said] if said else [])]
    )


def _saved(book: Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
