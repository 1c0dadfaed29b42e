"""(s, S) under periodic review with back orders: exact for Poisson demand, power approximation for normal.

Per period: holding and stock-out cost of a unit, fixed cost of an order. Lead time 0 (add it to the demand).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class MinMax:
    """Order up to `most` when the position is at or below `least`, units; cost per period where it is stated."""

    least: float
    most: float
    cost: float | None = None


def min_max_poisson(holding_cost: float, stockout_cost: float, fixed_cost: float, demand_mean: float) -> MinMax:
    """Exact (s, S) by the algorithm of Zheng and Federgruen 1991, doi:10.1287/opre.39.4.654."""
    reach = int(demand_mean + 40 * sqrt(max(demand_mean, 1)) + 60)
    values = np.arange(reach)
    weight = stats.poisson.pmf(values, demand_mean)

    @cache
    def g(level: int) -> float:
        gap = level - values
        each = holding_cost * np.clip(gap, 0, None) + stockout_cost * np.clip(-gap, 0, None)
        return float(each @ weight)

    renewal = [1 / (1 - weight[0])]
    reached = [0.0]

    def extend(width: int) -> None:
        while len(renewal) < width + 1:
            j = len(renewal)
            most_back = min(j, reach - 1)
            back = np.array(renewal[j - most_back : j])[::-1]
            renewal.append(float(weight[1 : most_back + 1] @ back) / (1 - weight[0]))
        while len(reached) < width + 1:
            reached.append(reached[-1] + renewal[len(reached) - 1])

    def cost(least: int, most: int) -> float:
        extend(most - least)
        total = fixed_cost + sum(renewal[j] * g(most - j) for j in range(most - least))
        return total / reached[most - least]

    best = int(stats.poisson.ppf(stockout_cost / (holding_cost + stockout_cost), demand_mean))
    most = best
    least = best - 1
    while cost(least, most) > g(least):
        least -= 1
    best_least, best_most, best_cost = least, most, cost(least, most)
    most = best_most + 1
    while g(most) <= best_cost:
        if cost(best_least, most) < best_cost:
            best_most = most
            while cost(best_least, best_most) <= g(best_least + 1):
                best_least += 1
            best_cost = cost(best_least, best_most)
        most += 1
    return MinMax(float(best_least), float(best_most), best_cost)


def min_max_power(
    holding_cost: float, stockout_cost: float, fixed_cost: float, demand_mean: float, demand_sd: float,
    lead_time: float = 0,
) -> MinMax:  # fmt: skip
    """Power approximation of Ehrhardt and Mosier 1984, doi:10.1287/mnsc.30.5.618, as Snyder and Shen 4.4.4 state it.

    The paper also caps both levels at the newsvendor's where lots are small against demand (lot < 1.5 mean); the
    textbook and its published instances do not, nor does this.
    """
    mean, sd = demand_mean * (lead_time + 1), demand_sd * sqrt(lead_time + 1)
    ratio = fixed_cost / holding_cost
    lot = 1.30 * demand_mean**0.494 * ratio**0.506 * (1 + sd**2 / demand_mean**2) ** 0.116
    z = sqrt(lot * holding_cost / (sd * stockout_cost))
    least = 0.973 * mean + sd * (0.183 / z + 1.063 - 2.192 * z)
    return MinMax(least, least + lot)
