"""The supply network of a company as its warehouse shows it today."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from assets.planning import reading
from assets.planning.network.network import Network, company_network
from assets.planning.parameters.lead_times import lead_times
from assets.planning.settings import PlanningSettings


def read_network(
    connection: duckdb.DuckDBPyConnection, spine: pd.DataFrame, receipts: pd.DataFrame, as_of: date,
    settings: PlanningSettings,
) -> Network:  # fmt: skip
    """Sources, times and ways of every row of the spine; receipts: int_supplier_lead_times."""
    times = lead_times(receipts, spine, as_of=as_of, settings=settings.parameters)
    return company_network(
        spine, times, reading.read_supply_flows(connection), reading.read_supply_lanes(connection),
        reading.read_supply_sources(connection), settings=settings.network, parameters=settings.parameters,
        transfers=settings.transfers,
    )  # fmt: skip
