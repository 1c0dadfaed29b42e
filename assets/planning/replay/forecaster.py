"""The forecaster of a replay: the blend of the engine's models, as it would have been on each past day.

A tournament at every refit would cost ten times as much, and today's winners must not be used: they were picked with what
came later. On the demo the blend's scaled pinball loss at four weeks ahead is 4 to 9 % above the tournament's (measured
2026-11-22 at one origin a year back), so a replay errs on the side of what really happened.
"""

from __future__ import annotations

import pandas as pd

from assets.planning.forecasting.distribution import DemandDistribution
from assets.planning.forecasting.engine import forecast
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.replay.level_path import Forecaster

KEYS = ["item_id", "warehouse_id"]
#: More periods than any history has: no origin qualifies, so no tournament is held and the former model stays.
NO_ORIGINS = 1_000_000


def blend_forecaster(settings: ForecastSettings, groups: pd.Series) -> Forecaster:
    """A `Forecaster` for `replay`; groups: family of each series, indexed by item_id, warehouse_id."""
    untried = settings.model_copy(update={"min_train_periods": NO_ORIGINS})

    def forecaster(history: pd.DataFrame) -> tuple[pd.DataFrame, DemandDistribution]:
        blend = history[KEYS].drop_duplicates().assign(model="blend")
        result = forecast(history, settings=untried, groups=groups, previous=blend)
        return result.keys, result.demand

    return forecaster
