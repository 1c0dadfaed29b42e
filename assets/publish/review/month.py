"""Which two releases a month's review covers. A month is a period of the main company's calendar (marts.dim_fiscal_periods)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from assets.publish.releases import Release, ReleaseError, list_releases


@dataclass(frozen=True)
class Month:
    """A period of the calendar; `name` is yyyy-mm, of the fiscal year where the company states accounting periods."""

    name: str
    first_date: date
    last_date: date


def month_of(release: Release, day: date) -> Month:
    """The period that holds a day, by this release's calendar; the calendar month where it has none."""
    if release.database.is_file():
        with duckdb.connect(str(release.database), read_only=True) as connection:
            try:
                found = connection.execute(
                    """select period_name, period_start_date, period_end_date from marts.dim_fiscal_periods
                       where ? between period_start_date and period_end_date
                         and company_code in (select main_company_code from marts.dim_companies)""",
                    [day],
                ).fetchone()
            except duckdb.CatalogException:  # a release that is older than the table
                found = None
        if found:
            return Month(*found)
    first = day.replace(day=1)
    return Month(f"{day:%Y-%m}", first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def middle_of(month_start_date: date) -> date:
    """A day by whose calendar month people know the period: one of 4 weeks from 29 June on is July."""
    return month_start_date + timedelta(days=14)


def month_releases(releases: Path, day: date) -> tuple[Release, Release | None]:
    """The release of the latest day of the month that holds `day`, and that of the latest day before the month.

    Of several releases of one day the newest counts: it has what arrived late, and the calendar as it is now.

    Raises:
        ReleaseError: no release covers a day of the month.
    """
    known = sorted(list_releases(releases), key=lambda release: (release.as_of, release.release_id))
    month = month_of(known[-1], day) if known else None
    of_month = [release for release in known if month and month.first_date <= release.as_of <= month.last_date]
    if month is None or not of_month:
        name = month.name if month else f"{day:%Y-%m}"
        raise ReleaseError(f"no release covers {name}; `stockturn releases list` shows the days there are")
    earlier = [release for release in known if release.as_of < month.first_date]
    return of_month[-1], earlier[-1] if earlier else None
