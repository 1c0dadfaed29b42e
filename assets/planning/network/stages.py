"""Stages of a network: what a warehouse and all that it feeds hold and sell together (its echelon), and the policy it runs.

Assumptions: the stock of an echelon can be sent to where it is needed (balance, Clark and Scarf 1960,
doi:10.1287/mnsc.6.4.475); holding a unit costs the same at every stage, so that the newsvendor bounds of Shang and Song
2003 (doi:10.1287/mnsc.49.5.618.15147) for the upper stage meet in the service level of the customers (`fractiles`).
Drawback: an unbalanced echelon serves less than its level promises; the replay over the network measures by how much.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.parameters.lead_time_demand import DemandDistribution, LeadTimeDemandResult
from assets.planning.policy.levels import STOCKLESS

KEYS = ["item_id", "warehouse_id"]
SUMMED = ["demand_units", "shipped_units", "returned_units", "demand_units_imputed"]
#: A row that is fed on the days of its lane is filled up to its level on each of them.
LANE_POLICY = "base_stock"


def heads(above: np.ndarray) -> np.ndarray:
    """(n,) True where a row feeds another one."""
    result = np.zeros(len(above), bool)
    result[above[above >= 0]] = True
    return result


def members(above: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (member, head): every row below a head, and the head itself."""
    is_head = heads(above)
    member, head = [np.flatnonzero(is_head)], [np.flatnonzero(is_head)]
    low = np.flatnonzero(above >= 0)
    high = above[low]
    while len(low):
        member.append(low)
        head.append(high)
        on = above[high] >= 0
        low, high = low[on], above[high[on]]
    return np.concatenate(member), np.concatenate(head)


def echelon_sum(values: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Values of each row with those of all rows below it added; (n,) or (n, periods)."""
    result = np.asarray(values, float).copy()
    member, head = members(above)
    below = member != head
    np.add.at(result, head[below], np.asarray(values, float)[member[below]])
    return result


def fractiles(holding: np.ndarray, shortage: float) -> tuple[np.ndarray, np.ndarray]:
    """Newsvendor bounds of the echelon base-stock level of each stage of a serial system.

    Args:
        holding: (stages,) echelon holding cost of a unit and period, customers' stage first. shortage: cost of a unit and
            period waiting at that stage.

    Returns:
        (stages,) probabilities: the optimal level lies between the quantiles of the demand over the stage's own and all
        lower lead times at the two (Shang and Song 2003, theorem 1); the mean of both quantiles is their heuristic.
    """
    cost = np.asarray(holding, float)
    whole = shortage + cost.sum()
    upstream = cost.sum() - np.cumsum(cost)
    return (shortage + upstream) / whole, (shortage + upstream) / (shortage + upstream + cost)


def echelon_service(rate: np.ndarray, branch_premium_rate: float) -> np.ndarray:
    """Service level that the echelon level of a feeding place aims at so that its customers, a stage below, get `rate`.

    branch_premium_rate: how much dearer a unit is held below than above, as a share of the cost above.
    """
    wanted = np.clip(np.asarray(rate, float), 0.0, 0.9999)
    result = np.empty_like(wanted)
    for value in np.unique(wanted):
        holding = np.array([branch_premium_rate, 1.0])
        low, high = fractiles(holding, value / (1 - value) * holding.sum())
        result[wanted == value] = (low[1] + high[1]) / 2
    return result


def echelon_history(history: pd.DataFrame, spine: pd.DataFrame, above: np.ndarray) -> pd.DataFrame:
    """Demand history of every head for its whole echelon, under the keys of the head; without rows where none feeds another.

    What an empty shelf hid is put back before the sums, so that no period is censored as a whole.
    """
    member, head = members(above)
    keys = spine[KEYS].reset_index(drop=True)
    pairs = keys.iloc[member].reset_index(drop=True)
    pairs["head_id"] = keys["warehouse_id"].to_numpy(object)[head]
    rows = history.merge(pairs, on=KEYS)
    rows["warehouse_id"] = rows["head_id"]
    rows["demand_units"] = rows["demand_units_imputed"]
    rules = dict.fromkeys(SUMMED, "sum") | {"in_stock_rate": "min", "is_promotion": "max"}
    total = rows.groupby([*KEYS, "period_start_date"], as_index=False, sort=True).agg(rules)
    total["is_censored"], total["is_promotion"] = False, total["is_promotion"].astype(bool)
    return total[history.columns]


def head_classes(classes: pd.DataFrame, spine: pd.DataFrame, above: np.ndarray) -> pd.DataFrame:
    """Classes by which policies are assigned: a head has the class of its item and the pattern of what it feeds most."""
    member, head = members(above)
    if not len(member):
        return classes
    keys = spine[KEYS].reset_index(drop=True)
    at = keys.merge(classes, on=KEYS, how="left")
    value = at["annual_consumption_value"].astype(float).fillna(0.0).to_numpy()
    units = at["annual_consumption_units"].astype(float).fillna(0.0).to_numpy()
    pairs = pd.DataFrame({"head": head, "member": member, "value": value[member], "units": units[member]})
    most = pairs.sort_values(["head", "value", "units", "member"], ascending=[True, False, False, True])
    most = most.drop_duplicates("head")
    cell = at["abc_class_item"].to_numpy(object)[most["head"]] + at["xyz_class"].to_numpy(object)[most["member"]]
    changed = keys.iloc[most["head"]].reset_index(drop=True).assign(head_cell=cell)
    result = classes.merge(changed, on=KEYS, how="left")
    result["abc_xyz_cell"] = result["head_cell"].where(result["head_cell"].notna(), result["abc_xyz_cell"])
    return result.drop(columns="head_cell")


def on_lanes(assigned: pd.DataFrame, is_moved: np.ndarray, interval_days: np.ndarray) -> pd.DataFrame:
    """Policies of all rows; one that is fed by a warehouse is filled up on the days of its lane, if it holds stock at all."""
    result = assigned.reset_index(drop=True).copy()
    review = np.maximum(result["review_period_days"].to_numpy(float), interval_days)
    result["review_period_days"] = np.where(
        is_moved, np.maximum(review, 1.0), result["review_period_days"].to_numpy(float)
    )
    holds = is_moved & ~np.isin(result["policy"].to_numpy(object), STOCKLESS)
    result["policy"] = np.where(holds, LANE_POLICY, result["policy"].to_numpy(object))
    return result


def echelon_lead_times(lead_times: pd.DataFrame, above: np.ndarray, day_units: np.ndarray) -> pd.DataFrame:
    """Lead times of heads up to the customer: their own, and the way and wait below it for the part that takes it.

    Args:
        lead_times: of each row on its own way, with lane_interval_days. day_units: (n,) own mean demand of a day.
    """
    result = lead_times.copy()
    member, head = members(above)
    below = member != head
    whole = echelon_sum(day_units, above)
    length = lead_times["lead_time_days_mean"].to_numpy(float) + lead_times["lane_interval_days"].to_numpy(float)
    extra = np.zeros(len(above))
    np.add.at(extra, head[below], (np.asarray(day_units, float) * length)[member[below]])
    extra = np.divide(extra, whole, out=np.zeros(len(above)), where=whole > 0)
    result["lead_time_days_mean"] = result["lead_time_days_mean"].to_numpy(float) + extra
    return result


def with_echelons(own: LeadTimeDemandResult, whole: LeadTimeDemandResult, is_head: np.ndarray) -> LeadTimeDemandResult:
    """The demand that each row's levels must cover: its own, of heads that of the whole echelon; rows in one order."""

    def pick(one: DemandDistribution, two: DemandDistribution) -> DemandDistribution:
        return DemandDistribution(
            np.where(is_head[:, None], two.quantiles, one.quantiles), np.where(is_head, two.mean, one.mean),
            np.where(is_head, two.sd, one.sd),
        )  # fmt: skip

    table = own.table.copy()
    for name in table.columns.difference(KEYS):
        table[name] = np.where(is_head, whole.table[name], own.table[name])
        table[name] = table[name].astype(own.table[name].dtype)
    return LeadTimeDemandResult(table, pick(own.lead, whole.lead), pick(own.protection, whole.protection))
