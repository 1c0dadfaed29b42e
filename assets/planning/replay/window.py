"""Which part of the history a replay can measure: as much as was asked for, as far as the history carries it."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from assets.planning.replay.settings import ReplaySettings

#: Days of demand that the first levels rest on: half a year, below which a level is mostly its prior.
BEFORE_DAYS = 182
#: A shorter window says nothing about a policy whose lots last a month.
LEAST_DAYS = 28


def fitted_window(settings: ReplaySettings, history: pd.DataFrame, as_of: dt.date) -> ReplaySettings | None:
    """The settings with as many measured days as the demand history carries; None where that is too few.

    history: planning.demand_history.
    """
    if history.empty:
        return None
    known = (pd.Timestamp(as_of) - pd.to_datetime(history["period_start_date"]).min()).days
    days = min(settings.days, known - BEFORE_DAYS - settings.warm_up_days)
    return settings.model_copy(update={"days": days}) if days >= LEAST_DAYS else None
