"""`planning.capital_curve`: what service costs in stock, for all items together, and where the present plan is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.parameters.lead_time_demand import LeadTimeDemandResult
from assets.planning.policy.budget import BudgetItems, allocation_at, best_for_budget, evenly, exchange, exchange_curve
from assets.planning.policy.levels import STOCKLESS, TO_LEVEL
from assets.planning.policy.row_levels import number

COLUMNS = ["curve", "point_no", "invested_value", "fill_rate", "setting_rate"]
#: One cycle service level for all, the usual alternative to an allocation.
EVEN_RATES = (0.80, 0.85, 0.90, 0.925, 0.95, 0.97, 0.98, 0.99)


@dataclass(frozen=True)
class CapitalCurve:
    """table: planning.capital_curve. budget_level: (n,) reorder points of the best allocation for the budget, NaN where a
    row holds no stock, does not sell or has no cost. is_bound: a budget is given and the plan would invest more.
    """

    table: pd.DataFrame
    budget_level: np.ndarray
    is_bound: bool = False


def budget_items(
    spine: pd.DataFrame, demand: LeadTimeDemandResult, replenishment: pd.DataFrame
) -> tuple[BudgetItems, np.ndarray]:
    """Items that hold stock, have a cost and sell, and (n,) which rows of the spine they are; all in its order."""
    days = demand.table["protection_days"].to_numpy(float)
    year = np.divide(demand.protection.mean * 365, days, out=np.zeros(len(days)), where=days > 0)
    cost, policy = number(spine, "unit_cost_latest"), replenishment["policy"].to_numpy(object)
    use = np.isfinite(cost) & (cost > 0) & (year > 0) & ~np.isin(policy, STOCKLESS)
    if "source_kind" in replenishment:
        # what a warehouse feeds is part of its echelon, and counted there
        use &= (replenishment["source_kind"] != "transfer").to_numpy()
    lots = replenishment["order_quantity_units"].to_numpy(float)
    review = np.clip(demand.protection.mean - demand.lead.mean, 0, None)
    to_level = np.isin(policy, TO_LEVEL)
    sold = np.maximum(np.where(to_level, review, lots), 1e-9)
    items = BudgetItems(
        demand.protection.quantiles[use], demand.lead.quantiles[use], demand.protection.mean[use], sold[use],
        np.where(to_level, 0.0, lots)[use], year[use], cost[use], cost[use],
    )  # fmt: skip
    return items, use


def capital_curve(
    spine: pd.DataFrame,
    demand: LeadTimeDemandResult,
    replenishment: pd.DataFrame,
    trade_off: pd.DataFrame | None,
    *,
    budget_value: float | None = None,
    points: int = 20,
) -> CapitalCurve:
    """Mean stock at cost against fill rate by value, and the reorder points that serve best for a budget.

    Args:
        spine, demand, replenishment: rows in one order. trade_off: curve of a `ReplayResult`, None where there is none.
        budget_value: mean stock at cost that may be invested; None: as much as the plan does.

    Returns:
        table: COLUMNS, sorted by curve and point_no (1 = least stock). curve: `best_allocation` (setting_rate: the
        multiplier; also at the money of every point that it is compared with), `budget` (the best for the budget),
        `one_level_for_all` (the cycle service level), `present_plan` (one point each), `replay` (safety stock times
        setting_rate, on the company's own history). All but the last count only rows with cost, demand and stock.
    """
    items, use = budget_items(spine, demand, replenishment)
    parts = []
    level, is_bound = np.full(len(spine), np.nan), False
    if use.any():
        level_now = replenishment["reorder_point_units"].to_numpy(float)[use]
        now, even = allocation_at(items, level_now), [evenly(items, rate) for rate in EVEN_RATES]
        steps = exchange(items, level_now[:, None])
        # at the same money as everything it is compared with
        same = (now.invested_value, *(each.invested_value for each in even))
        best = exchange_curve(steps, points, same).rename(columns={"multiplier": "setting_rate"})
        parts.append(best.assign(curve="best_allocation"))
        figures = {"invested_value": [each.invested_value for each in even], "fill_rate": [e.fill_rate for e in even]}
        parts.append(pd.DataFrame({**figures, "setting_rate": EVEN_RATES, "curve": "one_level_for_all"}))
        present = {"invested_value": [now.invested_value], "fill_rate": [now.fill_rate], "setting_rate": np.nan}
        parts.append(pd.DataFrame({**present, "curve": "present_plan"}))
        best_now = best_for_budget(steps, now.invested_value if budget_value is None else budget_value)
        level[use] = best_now.level
        is_bound = budget_value is not None and now.invested_value > budget_value
        point = {"invested_value": [best_now.invested_value], "fill_rate": [best_now.fill_rate]}
        parts.append(pd.DataFrame({**point, "setting_rate": best_now.multiplier, "curve": "budget"}))
    if trade_off is not None:
        names = {"average_stock_value": "invested_value", "fill_rate_by_value": "fill_rate",
                 "safety_scale_rate": "setting_rate"}  # fmt: skip
        replayed = trade_off[list(names)].rename(columns=names)
        parts.append(replayed.sort_values("invested_value").assign(curve="replay"))
    if not parts:
        return CapitalCurve(pd.DataFrame(columns=COLUMNS), level)
    table = pd.concat(parts, ignore_index=True).sort_values(["curve", "invested_value"], kind="stable")
    table["point_no"] = table.groupby("curve").cumcount() + 1
    return CapitalCurve(table[COLUMNS].reset_index(drop=True), level, is_bound)
