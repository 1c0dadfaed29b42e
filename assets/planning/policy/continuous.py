"""(r, Q): lots of Q whenever the position falls to r, under continuous review.

demand_mean, demand_sd per time unit; lead_time in the same unit; costs per unit and time. Snyder and Shen, 2nd ed., 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import optimize, stats

from assets.planning.policy.economic import eoq, eoq_backorders
from assets.planning.policy.loss import normal_loss, normal_second_loss


@dataclass(frozen=True)
class LotSystem:
    """Costs and demand of one (r, Q) system."""

    holding_cost: float
    stockout_cost: float
    fixed_cost: float
    demand_mean: float
    demand_sd: float
    lead_time: float

    @property
    def lead_mean(self) -> float:
        """Mean demand over the lead time, units."""
        return self.demand_mean * self.lead_time

    @property
    def lead_sd(self) -> float:
        """Standard deviation of demand over the lead time, units."""
        return self.demand_sd * sqrt(self.lead_time)


@dataclass(frozen=True)
class LotPolicy:
    """reorder_point and quantity in units; cost per time where the method states one."""

    reorder_point: float
    quantity: float
    cost: float | None = None


def lot_cost(system: LotSystem, reorder_point: float, quantity: float) -> float:
    """Exact cost per time under normal lead-time demand (5.7): fixed cost plus the cost averaged over r .. r + Q."""
    h, p = system.holding_cost, system.stockout_cost

    def integral(level: float) -> float:
        """Of g(y) = h n_bar(y) + p n(y) up to `level`, up to a constant."""
        second = float(normal_second_loss(level, system.lead_mean, system.lead_sd))
        return h * ((level - system.lead_mean) ** 2 / 2 - second) - p * second + h * system.lead_sd**2 / 2

    spread = integral(reorder_point + quantity) - integral(reorder_point)
    # n_bar integrates to (y - m)^2 / 2 + sd^2 / 2 - n2(y); the constants cancel in the difference
    return (system.fixed_cost * system.demand_mean + spread) / quantity


def reorder_point_for_lot(system: LotSystem, quantity: float) -> float:
    """Best r for a given Q: where the cost rate at both ends is equal, g(r) = g(r + Q) (5.11)."""

    def rate(level: float) -> float:
        short, left = normal_loss(level, system.lead_mean, system.lead_sd)
        return float(system.holding_cost * left + system.stockout_cost * short)

    reach = quantity + 12 * system.lead_sd
    return float(
        optimize.brentq(
            lambda level: rate(level) - rate(level + quantity), system.lead_mean - reach, system.lead_mean + reach,
            xtol=1e-12, rtol=1e-14,
        )
    )  # fmt: skip


def expected_inventory_level(system: LotSystem, tolerance: float = 1e-12) -> LotPolicy:
    """Approximation by the expected inventory level (5.3.2): alternate r from 1 - F(r) = Q h / (p D) and Q.

    stockout_cost here is per unit short, whatever the time. Q = sqrt(2 D (K + p n(r)) / h).
    """
    d, h, p, k = system.demand_mean, system.holding_cost, system.stockout_cost, system.fixed_cost
    quantity = eoq(k, h, d)[0]
    point = 0.0
    for _ in range(1000):
        point = float(stats.norm.isf(min(quantity * h / (p * d), 1 - 1e-12), system.lead_mean, system.lead_sd))
        short = float(normal_loss(point, system.lead_mean, system.lead_sd)[0])
        new = sqrt(2 * d * (k + p * short) / h)
        if abs(new - quantity) <= tolerance * quantity:
            quantity = new
            break
        quantity = new
    short = float(normal_loss(point, system.lead_mean, system.lead_sd)[0])
    cost = h * (point - system.lead_mean + quantity / 2) + k * d / quantity + p * d * short / quantity
    return LotPolicy(point, quantity, cost)


def eoq_with_backorders(system: LotSystem) -> LotPolicy:
    """Q as if demand were steady with back orders, r best for it (5.3.3)."""
    quantity = eoq_backorders(system.fixed_cost, system.holding_cost, system.stockout_cost, system.demand_mean)[0]
    return LotPolicy(reorder_point_for_lot(system, quantity), quantity)


def eoq_plus_safety_stock(system: LotSystem) -> LotPolicy:
    """The everyday formula: Q = EOQ, r = mean + z sd of lead-time demand, z at the critical fractile (5.3.4)."""
    quantity = eoq(system.fixed_cost, system.holding_cost, system.demand_mean)[0]
    fractile = system.stockout_cost / (system.holding_cost + system.stockout_cost)
    return LotPolicy(float(system.lead_mean + stats.norm.ppf(fractile) * system.lead_sd), quantity)


def loss_function_lot(system: LotSystem, tolerance: float = 1e-12) -> LotPolicy:
    """Approximation of Hadley and Whitin for back orders charged by time (5.3.5).

    n(r) = h Q / (h + p) and Q = sqrt(2 (K D + (h + p) n2(r)) / h), alternated.
    """
    d, h, p, k = system.demand_mean, system.holding_cost, system.stockout_cost, system.fixed_cost
    quantity = eoq(k, h, d)[0]
    point = system.lead_mean
    for _ in range(1000):
        wanted = h * quantity / (h + p)
        point = float(
            optimize.brentq(
                lambda level: float(normal_loss(level, system.lead_mean, system.lead_sd)[0]) - wanted,  # noqa: B023
                system.lead_mean - wanted - 10 * system.lead_sd, system.lead_mean + 12 * system.lead_sd, xtol=1e-12,
            )
        )  # fmt: skip
        new = sqrt(2 * (k * d + (h + p) * float(normal_second_loss(point, system.lead_mean, system.lead_sd))) / h)
        if abs(new - quantity) <= tolerance * quantity:
            quantity = new
            break
        quantity = new
    return LotPolicy(point, quantity)


def poisson_lot(
    holding_cost: float, stockout_cost: float, fixed_cost: float, demand_mean: float, lead_time: float
) -> LotPolicy:
    """Exact (r, Q) under Poisson demand (Federgruen and Zheng 1992, doi:10.1287/opre.40.4.808).

    The cost of Q levels is the mean of the Q cheapest consecutive g(y); Q grows while the next level is cheaper than
    the present mean.
    """
    rate = demand_mean * lead_time
    cost_of: dict[int, float] = {}

    def g(level: int) -> float:
        if level not in cost_of:
            values = np.arange(0, int(rate + 40 * sqrt(max(rate, 1)) + 60))
            gap = level - values
            weight = stats.poisson.pmf(values, rate)
            each = holding_cost * np.clip(gap, 0, None) + stockout_cost * np.clip(-gap, 0, None)
            cost_of[level] = float(each @ weight)
        return cost_of[level]

    best = int(stats.poisson.ppf(stockout_cost / (holding_cost + stockout_cost), rate))
    low, quantity = best - 1, 1
    total = fixed_cost * demand_mean + g(best)
    while min(g(low), g(low + quantity + 1)) < total / quantity:
        if g(low) <= g(low + quantity + 1):
            total += g(low)
            low -= 1
        else:
            total += g(low + quantity + 1)
        quantity += 1
    return LotPolicy(float(low), float(quantity), total / quantity)
