"""The supply network of a company, put together: sources, the times of the ways, and which row feeds which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.network.lanes import along_lanes
from assets.planning.network.settings import NetworkSettings
from assets.planning.network.sources import COLUMNS, feeding_rows, supply_network
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.transfers.settings import TransferSettings

NETWORK_COLUMNS = [*COLUMNS, "lead_time_days_mean", "lead_time_days_sd", "lead_time_source", "lane_interval_days"]


@dataclass(frozen=True)
class Network:
    """table: NETWORK_COLUMNS in the order of the spine. lead_times: of each row on its way. above: (n,) row that feeds each, -1: none.

    branch_premium_rate: how much dearer a unit is held below than above.
    """

    table: pd.DataFrame
    lead_times: pd.DataFrame
    above: np.ndarray
    branch_premium_rate: float = 0.0

    @property
    def is_moved(self) -> np.ndarray:
        """(n,) True where a row is fed by another warehouse."""
        return self.above >= 0

    def at_times(self, lead_times: pd.DataFrame) -> Network:
        """The same network with other times of what is bought (result of `parameters.lead_times`); lanes stay as they are."""
        times = self.lead_times.copy()
        is_bought = ~self.is_moved & (self.lead_times["lead_time_source"] != "stated").to_numpy()
        for name in ("lead_time_days_mean", "lead_time_days_sd", "lead_time_receipts", "lead_time_source"):
            times[name] = lead_times[name].to_numpy()
            times.loc[~is_bought, name] = self.lead_times.loc[~is_bought, name]
        return Network(self.table, times, self.above, self.branch_premium_rate)


def company_network(
    spine: pd.DataFrame,
    lead_times: pd.DataFrame,
    flows: pd.DataFrame,
    lanes: pd.DataFrame,
    stated: pd.DataFrame,
    *,
    settings: NetworkSettings,
    parameters: ParameterSettings,
    transfers: TransferSettings,
) -> Network:
    """Network of the spine.

    Args:
        lead_times: result of `parameters.lead_times`, rows of the spine. flows, lanes, stated: int_supply_flows,
            int_supply_lanes, int_supply_sources.
    """
    found = supply_network(spine, flows, stated, settings=settings)
    times = along_lanes(
        lead_times, found, lanes, stated, settings=settings, parameters=parameters, transfers=transfers
    )  # fmt: skip
    columns = ["lead_time_days_mean", "lead_time_days_sd", "lead_time_source", "lane_interval_days"]
    table = pd.concat([found, times[columns]], axis=1)
    return Network(table, times, feeding_rows(found), settings.branch_premium_rate)
