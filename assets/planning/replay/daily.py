"""The replay of the daily run: the company's policies over as much of its own history as there is."""

from __future__ import annotations

import datetime as dt

from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.settings import PolicySettings
from assets.planning.replay.forecaster import blend_forecaster
from assets.planning.replay.replay import ReplayInputs, ReplayResult, replay
from assets.planning.replay.settings import ReplaySettings
from assets.planning.replay.window import fitted_window

KEYS = ["item_id", "warehouse_id"]


def replayed(
    inputs: ReplayInputs, as_of: dt.date, *, policies: PolicySettings, parameters: ParameterSettings,
    forecasts: ForecastSettings, settings: ReplaySettings,
) -> ReplayResult | None:  # fmt: skip
    """The policies over the company's own history; None where the history is too short."""
    window = fitted_window(settings, inputs.history, as_of)
    if window is None:
        return None
    groups = inputs.spine.drop_duplicates(KEYS).set_index(KEYS)["category_name"]
    return replay(
        inputs, blend_forecaster(forecasts, groups), as_of=as_of, frequency=forecasts.frequency, parameters=parameters,
        policies=policies, settings=window,
    )  # fmt: skip
