"""Writes the pack: `review-<month>.html` and `review-<month>.xlsx`, each written beside and renamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.publish.releases import Release
from assets.publish.review.figures import read_review
from assets.publish.review.html import page
from assets.publish.review.tables import Language, all_tables
from assets.publish.review.workbook import workbook


@dataclass(frozen=True)
class ReviewPack:
    """The files of one month."""

    html: Path
    xlsx: Path


def write_review(
    release: Release,
    before: Release | None,
    folder: Path,
    *,
    company: str,
    language: Language,
    actions: Sequence[Mapping[str, Any]] = (),
) -> ReviewPack:
    """The review of the month of `release`, compared with `before` (the last release of the month before, or None).

    `actions`: open incidents with incident_id, title, title_zh, gross_value, state, due_date, owner_name.
    """
    review = read_review(release, before, actions)
    tables = all_tables(review, language)
    folder.mkdir(parents=True, exist_ok=True)
    month = f"{release.as_of:%Y-%m}"
    html, xlsx = folder / f"review-{month}.html", folder / f"review-{month}.xlsx"
    partial = folder / f".{html.name}.partial"
    partial.write_text(page(review, tables, company, language), encoding="utf-8")
    partial.rename(html)
    partial = folder / f".{xlsx.name}.partial"
    workbook(tables).save(partial)
    partial.rename(xlsx)
    return ReviewPack(html, xlsx)
