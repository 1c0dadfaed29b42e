"""Settings of upkeep."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, PositiveInt


class RetentionSettings(BaseModel):
    """Days after which something is deleted.

    dagster_run_days: 90 by default, a quarter in which a run can be looked at step by step; its release and its
    check results are kept elsewhere.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    quarantine_days: PositiveInt | None = None
    """Raw rows in quarantine, by extract date; a mapping corrected later cannot release them any more."""
    duplicate_days: PositiveInt | None = None
    """Rows recognised as duplicates, by extract date."""
    extract_days: PositiveInt | None = None
    """Extract files of live sources, by the day in their name; landing has their rows."""
    vintage_days: PositiveInt | None = None
    """Forecasts as published, by origin; their accuracy goes with them."""
    dagster_run_days: PositiveInt | None = 90
