"""The planning section of the settings: each part declares its own beside its code."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from assets.planning.classification.settings import ClassificationSettings
from assets.planning.demand.settings import DemandSettings, LifeCycleSettings
from assets.planning.disposal.settings import DisposalSettings
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.network.settings import NetworkSettings
from assets.planning.orders.settings import OrderSettings
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.settings import PolicySettings
from assets.planning.replay.settings import ReplaySettings
from assets.planning.schedule.settings import ScheduleSettings
from assets.planning.transfers.settings import TransferSettings


class PlanningSettings(BaseModel):
    """Everything that a company may decide about its planning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    demand: DemandSettings = DemandSettings()
    forecast: ForecastSettings = ForecastSettings()
    classification: ClassificationSettings = ClassificationSettings()
    parameters: ParameterSettings = ParameterSettings()
    network: NetworkSettings = NetworkSettings()
    policy: PolicySettings = PolicySettings()
    transfers: TransferSettings = TransferSettings()
    disposal: DisposalSettings = DisposalSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    life_cycle: LifeCycleSettings = LifeCycleSettings()
    orders: OrderSettings = OrderSettings()
    # the daily replay sets levels again once a quarter: five times a year, each costs a forecast
    replay: ReplaySettings = ReplaySettings(refit_days=85)

    def at_frequency(self, frequency: str, seed: int) -> PlanningSettings:
        """The same settings with the one frequency and seed of the company in every part."""
        common = {"frequency": frequency}
        return self.model_copy(
            update={
                "demand": self.demand.model_copy(update=common),
                "forecast": self.forecast.model_copy(update={**common, "seed": seed}),
            }
        )
