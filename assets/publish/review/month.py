"""Which two releases a month's review speaks of."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from assets.publish.releases import Release, ReleaseError, list_releases


def month_releases(releases: Path, month: date) -> tuple[Release, Release | None]:
    """The release of the latest day of the month that holds `month`, and that of the latest day before the month.

    Of several releases of one day the newest counts: it knows what arrived late.

    Raises:
        ReleaseError: no release speaks of a day of the month.
    """
    first = month.replace(day=1)
    known = sorted(list_releases(releases), key=lambda release: (release.as_of, release.release_id))
    of_month = [release for release in known if release.as_of.replace(day=1) == first]
    if not of_month:
        raise ReleaseError(f"no release speaks of {month:%Y-%m}; `stockturn releases list` shows the days there are")
    earlier = [release for release in known if release.as_of < first]
    return of_month[-1], earlier[-1] if earlier else None
