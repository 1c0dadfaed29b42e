"""The replayed policy beside what happened, in money, with a verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.sentences import say, with_clause


@dataclass(frozen=True)
class Yardstick:
    """Costs that weigh stock against service: holding_rate a year, shortage_cost_rate of a unit's cost, order cost.

    tolerance_fill_rate: a fill rate lower by no more than this counts as equal.
    """

    holding_rate: float
    shortage_cost_rate: float
    order_cost_value: float
    tolerance_fill_rate: float


def compare(
    simulated: pd.DataFrame,
    actual: pd.DataFrame,
    unit_cost: np.ndarray,
    days: int,
    yardstick: Yardstick,
    wanted_rate: np.ndarray,
    together: np.ndarray | None = None,
) -> pd.DataFrame:
    """One row per row of `simulated`: figures of both, currency where a cost is known, and the verdict.

    wanted_rate: (n,) service that is aimed at. together: (n,) codes of rows that are judged as one (`judged_together`);
    each alone when absent.

    Verdict: `recommended` where the policy serves no less than what happened did, or as much as is aimed at, and costs no
    more (holding + shortage + orders + written off; without a unit cost: its mean stock is not higher), else
    `not_recommended`: what is cheaper because it serves nobody is no improvement;
    `no_demand` where nothing was asked for in the window. Order costs count for neither side of a row whose past orders
    are not on record (it was filled by transfers, or the company has no purchase orders).
    """
    cost = np.where(np.isfinite(unit_cost), unit_cost, np.nan)
    result = pd.DataFrame({"demand_units": simulated["demand_units"]})
    order_cost = np.where(actual["orders"].to_numpy(float) > 0, yardstick.order_cost_value, 0.0)
    for name, frame in (("replay", simulated), ("actual", actual)):
        asked, filled = frame["demand_units"].to_numpy(float), frame["filled_units"].to_numpy(float)
        stock = frame["stock_unit_days"].to_numpy(float) / days
        result[f"{name}_filled_units"] = filled
        result[f"{name}_fill_rate"] = _ratio(filled, asked)
        result[f"{name}_stockout_days"] = frame["stockout_days"]
        result[f"{name}_average_stock_units"] = stock
        result[f"{name}_average_stock_value"] = stock * cost
        result[f"{name}_turnover_rate"] = _ratio(filled * 365 / days, stock)
        result[f"{name}_orders"] = frame["orders"]
        result[f"{name}_cost_value"] = (
            stock * cost * yardstick.holding_rate * days / 365
            + np.clip(asked - filled, 0, None) * cost * yardstick.shortage_cost_rate
            + frame["orders"].to_numpy(float) * order_cost
            + frame["written_off_units"].to_numpy(float) * np.where(frame["written_off_units"] > 0, cost, 0.0)
        )
    result["replay_cycles"], result["replay_served_cycles"] = simulated["cycles"], simulated["served_cycles"]
    result["replay_cycle_service_rate"] = _ratio(simulated["served_cycles"], simulated["cycles"])
    result["replay_written_off_units"] = simulated["written_off_units"]
    result["actual_written_off_units"] = actual["written_off_units"]
    groups = np.arange(len(result)) if together is None else together
    result["verdict"], result["verdict_reason"] = _verdict(result, groups, yardstick.tolerance_fill_rate, wanted_rate)
    return result


def judged_together(keys: pd.DataFrame, orders: np.ndarray, is_moved: np.ndarray | None) -> np.ndarray:
    """(n,) codes: the warehouses of an item are one where one of them feeds another.

    Without a network: where some placed no order while another did, and so fed them.

    Their stock lay with the one that ordered, so that only the sum of all can be held against what was done.

    Args:
        keys: item_id, warehouse_id. orders: (n,) orders that were placed in the window.
    """
    items = pd.factorize(keys["item_id"])[0]
    by_item = np.bincount(items, np.asarray(orders) > 0)
    rows = np.bincount(items)
    is_one = (by_item > 0) & (by_item < rows)
    if is_moved is not None:
        is_one = np.bincount(items, is_moved) > 0
    return np.where(is_one[items], items, len(rows) + np.arange(len(items)))


def _ratio(above: pd.Series | np.ndarray, below: pd.Series | np.ndarray) -> np.ndarray:
    top, bottom = np.asarray(above, float), np.asarray(below, float)
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


def _verdict(
    result: pd.DataFrame, groups: np.ndarray, tolerance: float, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Verdict and reason of each row, from the sums of its group."""
    codes = pd.factorize(groups)[0]

    def summed(name: str) -> np.ndarray:
        # a row without a cost makes the cost of its group unknown: NaN spreads through the sum
        return np.asarray(np.bincount(codes, result[name].to_numpy(float)))[codes]

    replay_cost = summed("replay_cost_value")
    cheaper, has_cost = replay_cost <= summed("actual_cost_value") + 1e-9, np.isfinite(replay_cost)
    asked = summed("demand_units")
    aimed = np.bincount(codes, result["demand_units"].to_numpy(float) * wanted)[codes]
    least = np.minimum(summed("actual_filled_units"), aimed) - tolerance * asked
    fill_kept = summed("replay_filled_units") >= least
    stock_kept = summed("replay_average_stock_units") <= summed("actual_average_stock_units") * 1.001
    good = fill_kept & np.where(has_cost, cheaper, stock_kept)
    idle = (result["demand_units"] <= 0).to_numpy()
    verdict = np.select([idle, good], ["no_demand", "recommended"], "not_recommended")
    reason = np.select(
        [idle, good & has_cost, good, ~fill_kept, has_cost],
        [*map(say, ("nothing_asked_for", "costs_no_more", "no_more_stock", "serves_less", "costs_more"))],
        say("needs_more_stock"),
    ).astype(object)
    is_joint = pd.Series(groups).duplicated(keep=False).to_numpy() & ~idle
    return verdict, np.array(with_clause(reason, is_joint, say("warehouses_together")), object)
