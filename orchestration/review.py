"""The monthly review of a company: the month's last release, the one before the month, and the incidents still open."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from assets.publish.companies import companies_of
from assets.publish.review import ReviewPack, write_review
from assets.publish.review.month import month_releases
from expectations.after_run import STORE_VARIABLE, open_store
from expectations.incidents import IncidentFilter, list_incidents
from orchestration.resources import load_company_rules
from orchestration.settings import Settings

INCIDENTS = 60  # most urgent first; more than this cannot be talked through in a meeting


def review_month(settings: Settings, month: date, folder: Path | None = None) -> list[ReviewPack]:
    """Write the review of the month that holds the day `month` into `folder` (`reviews` of the workspace).

    A pack for each company of the release: their amounts are in their own currencies and are not added.

    Raises:
        ReleaseError: no release speaks of a day of that month.
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
        )
        for name, code in named
    ]


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
                "state": one.state,
                "due_date": one.due_date,
                "owner_name": one.owner_name,
            }
            for one in list_incidents(store, IncidentFilter(limit=INCIDENTS))
        ]
    finally:
        store.close()
