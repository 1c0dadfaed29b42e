"""What keeps a plan from being ordered from: a replay that did worse than what was done, and money that is not there.

A budget is spent where the next unit of currency saves most shortage (`budget.allocate`); what the best allocation for it
does not carry is withheld, so that the orders that go are those that lose least service per unit of money.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.parameters.lead_time_demand import LeadTimeDemandResult
from assets.planning.policy.flags import with_flag
from assets.planning.policy.rounding import clean_limits, round_up
from assets.planning.policy.row_levels import number
from assets.planning.policy.settings import PolicySettings
from assets.planning.sentences import say, with_clause


def allowed_capital(
    policies: PolicySettings, demand: LeadTimeDemandResult, spine: pd.DataFrame, turnover_target: float | None
) -> float | None:
    """Mean stock at cost that the company's targets allow: its budget, or the cost of a year's demand over its turnover target.

    None where neither is set. Of rows that feed others `demand` covers what they feed; those that are fed are left out by
    the caller's curve as well, so that nothing is counted twice.
    """
    bounds = [] if policies.capital_budget_value is None else [policies.capital_budget_value]
    if turnover_target and policies.is_turnover_binding:
        days = demand.table["protection_days"].to_numpy(float)
        year = np.divide(demand.protection.mean * 365, days, out=np.zeros(len(days)), where=days > 0)
        is_fed = demand.table["lead_time_source"].isin(["lane", "transfer_default"]).to_numpy()
        cost = np.where(is_fed, 0.0, np.nan_to_num(number(spine, "unit_cost_latest")))
        bounds.append(float((year * cost).sum()) / turnover_target)
    return min(bounds) if bounds else None


def withheld(
    replenishment: pd.DataFrame, budget_level: np.ndarray | None, spine: pd.DataFrame, policies: PolicySettings
) -> pd.DataFrame:
    """The plan with what is not to be ordered taken out of suggested_order_units and into withheld_order_units.

    Args:
        replenishment: with replay_verdict. budget_level: (n,) reorder points that the budget carries (NaN: not bound), None
            where no budget binds.
    """
    result = replenishment.copy()
    units = result["suggested_order_units"].to_numpy(float)
    worse = (result["replay_verdict"] == "not_recommended").to_numpy() & policies.is_replay_binding
    allowed = np.where(worse, 0.0, units)
    cut = np.zeros(len(result), bool)
    if budget_level is not None:
        minimum, multiple = clean_limits(
            number(spine, "moq_units"), number(spine, "order_multiple_units"), policies.is_whole_units
        )
        less = np.nan_to_num(result["reorder_point_units"].to_numpy(float) - budget_level)
        still_due = result["position_units"].to_numpy(float) <= np.where(
            np.isfinite(budget_level), budget_level, np.inf
        )
        smaller = round_up(np.clip(units - np.clip(less, 0, None), 0, None), minimum, multiple)
        carried = np.where(still_due, np.minimum(units, smaller), 0.0)
        cut = (carried < allowed - 1e-9) & np.isfinite(budget_level)
        allowed = np.where(cut, carried, allowed)
    result["suggested_order_units"] = allowed
    result["withheld_order_units"] = units - allowed
    withheld = result["withheld_order_units"]
    why = np.where(cut, "withheld_by_budget", "withheld_by_replay")
    result["flags"] = with_flag(result["flags"], cut, "cut_by_budget")
    result["reason"] = with_clause(result["reason"], withheld > 1e-9, map(say, why, withheld))
    return result
