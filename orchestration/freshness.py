"""Freshness: is there a recent release, and do the sources still deliver?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import dagster as dg

from assets.publish.assets import RELEASE_KEY
from orchestration.settings import Settings

# One missed daily run plus half a day to mend it; set 2026-11-21 with the daily schedule, owner: data engineering.
MAXIMUM_AGE = timedelta(hours=36)


def build_freshness_checks(settings: Settings) -> Sequence[dg.AssetChecksDefinition]:
    """The release must be renewed daily; `dagster dev` shows the check and its sensor may alert on it."""
    return dg.build_last_update_freshness_checks(
        assets=[RELEASE_KEY], lower_bound_delta=MAXIMUM_AGE, timezone=settings.company.timezone
    )
