"""Forecasts of demand as distributions: models, tournament, calibration.

Belongs here: pure functions from demand history to quantiles. Reading, writing and scheduling do not.
"""

from assets.planning.forecasting.distribution import DemandDistribution
from assets.planning.forecasting.engine import forecast
from assets.planning.forecasting.result import ForecastResult
from assets.planning.forecasting.settings import ForecastSettings

__all__ = ["DemandDistribution", "ForecastResult", "ForecastSettings", "forecast"]
