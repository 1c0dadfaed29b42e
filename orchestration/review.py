"""The monthly review of a company: the month's last release, the one before the month, and the incidents still open."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from assets.publish.companies import companies_of
from assets.publish.review import ReviewPack, write_review
from assets.publish.review.month import month_of, month_releases
from expectations.after_run import STORE_VARIABLE, open_store
from expectations.incidents import IncidentFilter, list_incidents
from expectations.notify import AppriseSender
from orchestration.rule_book import load_company_rules
from orchestration.settings import Settings

INCIDENTS = 60  # most urgent first; more than this cannot be talked through in a meeting


def review_month(settings: Settings, month: date, folder: Path | None = None) -> list[ReviewPack]:
    """Write the review of the month that holds the day `month` into `folder` (`reviews` of the workspace).

    A pack for each company of the release: their amounts are in their own currencies and are not added.

    Raises:
        ReleaseError: no release covers a day of that month.
    """
    workspace = settings.workspace()
    release, before = month_releases(workspace.releases, month)
    with duckdb.connect(str(release.database), read_only=True) as connection:
        members = companies_of(connection)
    one = settings.company
    several = len(members) > 1
    named = [(f"{member.name} ({member.currency})", member.code) for member in members] if several else [(one.name, "")]
    incidents = _open_incidents(settings)
    return [
        write_review(
            release,
            before,
            folder or workspace.root / "reviews",
            company=name,
            company_code=code,
            language=one.language,
            incidents=incidents,
            comments=read_comments(folder or workspace.root / "reviews", month_of(release, release.as_of).name),
        )
        for name, code in named
    ]


class ReviewNotSentError(ValueError):
    """The pack is written, and a channel did not take it."""


def comment_on(settings: Settings, month: date, user: str, text: str, folder: Path | None = None) -> None:
    """Keep a comment on the month that holds a day; the pack of the month shows it from its next writing on.

    Raises:
        ReleaseError: no release covers a day of that month.
    """
    workspace = settings.workspace()
    release, _ = month_releases(workspace.releases, month)
    place = folder or workspace.root / "reviews"
    place.mkdir(parents=True, exist_ok=True)
    said = {"at": date.today().isoformat(), "user_name": user, "comment": text.strip()}  # noqa: DTZ011 - the day of who comments
    with (place / _comments_file(month_of(release, month).name)).open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(said, ensure_ascii=False) + "\n")


def read_comments(folder: Path, month: str) -> list[dict[str, Any]]:
    """The comments on a month (yyyy-mm), oldest first."""
    path = folder / _comments_file(month)
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [{**one, "at": date.fromisoformat(one["at"])} for one in map(json.loads, lines)]


def _comments_file(month: str) -> str:
    return f"comments-{month}.jsonl"


def send_review(packs: Sequence[ReviewPack], channels: Sequence[str], sender: AppriseSender | None = None) -> None:
    """Send packs to channels (`STOCKTURN_NOTIFY_<CHANNEL>`): the figures as text, the files where a channel takes them.

    Raises:
        ReviewNotSentError: which channels did not take it, and why; the others have it.
    """
    send = sender or AppriseSender()
    failed = []
    for pack in packs:
        for channel in channels:
            result = send(channel, pack.title, pack.summary, pack.files)
            if not result.is_sent:
                failed.append(f"{channel}: {result.error}")
    if failed:
        raise ReviewNotSentError(f"the review is written, but not sent to {'; '.join(failed)}")


def _open_incidents(settings: Settings) -> Sequence[dict[str, Any]]:
    path = settings.workspace().incident_store
    if not path.is_file() and not os.environ.get(STORE_VARIABLE):
        return []
    store = open_store(path, load_company_rules(settings))
    try:
        return [
            {
                "incident_id": one.incident_id,
                "title": one.title,
                "title_zh": one.title_zh,
                "gross_value": one.variance_gross_value,
                "currency_code": one.currency_code,
                "state": one.state,
                "due_date": one.due_date,
                "owner_name": one.owner_name,
            }
            for one in list_incidents(store, IncidentFilter(limit=INCIDENTS))
        ]
    finally:
        store.close()
