"""Plans twice on what the last run left in the warehouse: as configured, and with the changes of a what-if file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from assets.planning.parameters.lead_time_demand import PERIOD_DAYS
from assets.planning.pipeline import Known, known, planned_on
from assets.planning.policy.changes import (
    PlanFile,
    demand_factors,
    echelon_factors,
    with_lead_times,
    with_limits,
    with_policies,
)
from assets.planning.policy.side_by_side import SideBySide, side_by_side
from assets.planning.settings import PlanningSettings
from assets.planning.what_if import day_of_the_plan, unknown_items

KEYS = ["item_id", "warehouse_id"]


@dataclass(frozen=True)
class PlanWhatIf:
    """as_of: day of the plan. present, changed: tables of the schema `planning` on either side. compared: the two."""

    as_of: date
    present: dict[str, pd.DataFrame]
    changed: dict[str, pd.DataFrame]
    compared: SideBySide


def plan_what_if(connection: duckdb.DuckDBPyConnection, document: PlanFile, settings: PlanningSettings) -> PlanWhatIf:
    """The plan of the configuration beside that of the file, on one forecast.

    Which policies the company's own history prefers, and which it warns of, was found with the present policies and holds
    for both; `stockturn replay` runs other policies over that history.

    Raises:
        ValueError: there is no plan in the warehouse, or the file names what the company does not have.
    """
    as_of = day_of_the_plan(connection)
    return planned_twice(connection, known(connection, as_of, settings), as_of, document, settings)


def planned_twice(
    connection: duckdb.DuckDBPyConnection, found: Known, as_of: date, document: PlanFile, settings: PlanningSettings
) -> PlanWhatIf:
    """See `plan_what_if`; on what is known of the company already."""
    unknown_items(document, found.spine)
    company = changed_company(found, document, settings)
    present = planned_on(connection, found, as_of, settings)
    policies = with_policies(settings.policy, document)
    changed = planned_on(connection, company, as_of, settings.model_copy(update={"policy": policies}))
    return PlanWhatIf(as_of, present, changed, side_by_side(found.spine, present, changed))


def changed_company(found: Known, document: PlanFile, settings: PlanningSettings) -> Known:
    """What is known of the company with the lead times, limits and demand of the file.

    Raises:
        ValueError: a change is for rows that the company does not have.
    """
    supplier = found.network.table["supplier_id"].reset_index(drop=True)
    factor = demand_factors(found.spine, supplier, document.demand)
    index = pd.MultiIndex.from_frame(found.spine[KEYS])
    at = index.get_indexer(pd.MultiIndex.from_frame(found.forecasts.keys[KEYS]))
    days = PERIOD_DAYS[settings.forecast.frequency]
    day_units = np.zeros(len(found.spine))
    day_units[at] = found.forecasts.sum_mean(np.full(len(at), 91 / days)) / 91
    above = echelon_factors(factor, day_units, found.network.above)
    whole = found.whole
    if whole is not None:
        whole = whole.scaled(above[index.get_indexer(pd.MultiIndex.from_frame(whole.keys[KEYS]))])
    return replace(
        found,
        spine=with_limits(found.spine, supplier, document.order_limits),
        network=with_lead_times(found.network, found.spine, document.lead_times),
        forecasts=found.forecasts.scaled(factor[at]),
        whole=whole,
    )
