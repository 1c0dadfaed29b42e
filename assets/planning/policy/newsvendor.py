"""One order for one season, and base stock: the critical fractile of the demand distribution.

holding_cost: of a unit left over; stockout_cost: of a unit short. Snyder and Shen, 2nd ed., 4.3; base stock with a lead
time covers lead_time + 1 periods (4.3.4.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from assets.planning.policy.loss import lognormal_loss, normal_loss, poisson_loss


@dataclass(frozen=True)
class NewsvendorAnswer:
    """base_stock: units; cost: expected, per period, at that level."""

    base_stock: float
    cost: float


def critical_fractile(holding_cost: float, stockout_cost: float) -> float:
    """Stock-out cost / (holding + stock-out cost); both >= 0, not both 0."""
    if holding_cost < 0 or stockout_cost < 0 or holding_cost + stockout_cost <= 0:
        raise ValueError("holding and stock-out cost must not be negative, nor both 0")
    return stockout_cost / (holding_cost + stockout_cost)


def newsvendor_normal_cost(
    level: float, holding_cost: float, stockout_cost: float, mean: float, sd: float, lead_time: float = 0
) -> float:
    """Expected cost of a period at a level; mean and sd per period, covered over lead_time + 1 periods."""
    short, left = normal_loss(level, mean * (lead_time + 1), sd * sqrt(lead_time + 1))
    return float(holding_cost * left + stockout_cost * short)


def newsvendor_normal(
    holding_cost: float, stockout_cost: float, mean: float, sd: float, lead_time: float = 0
) -> NewsvendorAnswer:
    """Normal demand (4.24), also base stock with a lead time of whole periods."""
    z = stats.norm.ppf(critical_fractile(holding_cost, stockout_cost))
    level = float(mean * (lead_time + 1) + z * sd * sqrt(lead_time + 1))
    return NewsvendorAnswer(level, newsvendor_normal_cost(level, holding_cost, stockout_cost, mean, sd, lead_time))


def newsvendor_poisson(
    holding_cost: float, stockout_cost: float, mean: float, lead_time: float = 0
) -> NewsvendorAnswer:
    """Poisson demand: the smallest level whose distribution reaches the fractile."""
    rate = mean * (lead_time + 1)
    level = float(stats.poisson.ppf(critical_fractile(holding_cost, stockout_cost), rate))
    short, left = poisson_loss(level, rate)
    return NewsvendorAnswer(level, float(holding_cost * left + stockout_cost * short))


def newsvendor_lognormal(holding_cost: float, stockout_cost: float, mu: float, sigma: float) -> NewsvendorAnswer:
    """Lognormal demand with log-mean mu and log-deviation sigma."""
    level = float(np.exp(mu + sigma * stats.norm.ppf(critical_fractile(holding_cost, stockout_cost))))
    short, left = lognormal_loss(level, mu, sigma)
    return NewsvendorAnswer(level, holding_cost * left + stockout_cost * short)


def newsvendor_discrete(holding_cost: float, stockout_cost: float, pmf: Mapping[float, float]) -> NewsvendorAnswer:
    """Any demand given as value -> probability (they sum to 1)."""
    value = np.array(sorted(pmf), float)
    probability = np.array([pmf[each] for each in sorted(pmf)], float)
    if abs(probability.sum() - 1) > 1e-9 or (probability < 0).any():
        raise ValueError("probabilities must not be negative and sum to 1")
    reached = np.cumsum(probability) >= critical_fractile(holding_cost, stockout_cost) - 1e-12
    level = float(value[int(np.argmax(reached))])
    gap = level - value
    cost = (holding_cost * np.clip(gap, 0, None) + stockout_cost * np.clip(-gap, 0, None)) @ probability
    return NewsvendorAnswer(level, float(cost))


def newsvendor_profit(
    revenue: float,
    purchase_cost: float,
    salvage_value: float,
    mean: float,
    sd: float,
    holding_cost: float = 0.0,
    stockout_cost: float = 0.0,
) -> tuple[float, float]:
    """Level and expected profit where prices are given instead of costs (4.3.2.3); normal demand.

    Overage: purchase - salvage + holding; underage: revenue - purchase + goodwill.
    """
    over, under = purchase_cost - salvage_value + holding_cost, revenue - purchase_cost + stockout_cost
    answer = newsvendor_normal(over, under, mean, sd)
    return answer.base_stock, (revenue - purchase_cost) * mean - answer.cost
