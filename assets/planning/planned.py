"""The plan with what it was made from: what the decisions that follow it read."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from assets.planning.network.network import Network
from assets.planning.parameters.lead_time_demand import LeadTimeDemandResult
from assets.planning.replay.replay import ReplayResult


@dataclass(frozen=True)
class Planned:
    """The plan and what it was made from; spine, assigned, demand and replenishment have their rows in one order.

    network: None where every row buys for itself. replay: of the policies over the company's own history, None where it is
    too short.
    """

    spine: pd.DataFrame
    history: pd.DataFrame
    daily: pd.DataFrame
    receipts: pd.DataFrame
    classes: pd.DataFrame
    assigned: pd.DataFrame
    demand: LeadTimeDemandResult
    replenishment: pd.DataFrame
    network: Network | None = None
    replay: ReplayResult | None = None
