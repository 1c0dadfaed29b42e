"""Orders when unmet demand is lost: enough for the period in which the order can first be sold.

With lost sales the position no longer says what will be on the shelf: stock that runs out before the arrival sells less
than its demand, so position-based levels order too much for late needs and too little after a stock-out. Here the shelf
at arrival is simulated, and the order is the critical fractile of what that period still lacks. Ordering for the
arrival period alone is near-optimal (Morton 1971, doi:10.1287/opre.19.7.1708; Zipkin 2008, doi:10.1287/opre.1070.0471).

Assumptions: whole review periods; an order can be sold `in_transit` columns + 1 periods after now; every period has a
chance to re-order. Drawback: costs beyond the arrival period are left to the next order, so a lot that cannot be undone
(end of season, long shelf) needs the newsvendor instead.
"""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.stats import qmc


def period_scenarios(quantiles: np.ndarray, levels: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Demand scenarios from quantile grids.

    Args:
        quantiles: (n, periods, levels) units. uniforms: (scenarios, periods) in (0, 1), the same for every row.

    Returns:
        (n, scenarios, periods) units; linear between the levels on the normal-score scale, tails continue straight.
    """
    score, wanted = stats.norm.ppf(levels), stats.norm.ppf(uniforms)
    right = np.searchsorted(score, wanted).clip(1, len(levels) - 1)
    share = (wanted - score[right - 1]) / (score[right] - score[right - 1])
    result = np.empty((len(quantiles), *uniforms.shape))
    for period in range(uniforms.shape[1]):
        grid, at, part = quantiles[:, period, :], right[:, period], share[:, period]
        result[:, :, period] = grid[:, at - 1] * (1 - part) + grid[:, at] * part
    return np.clip(result, 0, None)


def joint_uniforms(scenarios: int, periods: int, correlation_rate: float, seed: int) -> np.ndarray:
    """(scenarios, periods) of equally correlated uniforms (Gaussian copula, Sobol); scenarios a power of 2."""
    base = qmc.Sobol(periods + 1, scramble=True, seed=seed).random(scenarios)
    score = stats.norm.ppf(np.clip(base, 1e-6, 1 - 1e-6))
    mixed = np.sqrt(correlation_rate) * score[:, :1] + np.sqrt(1 - correlation_rate) * score[:, 1:]
    return stats.norm.cdf(mixed)


def lost_sales_order(
    demand: np.ndarray, on_hand: np.ndarray, in_transit: np.ndarray, critical_fractile: float | np.ndarray
) -> np.ndarray:
    """Whole units to order now, (n,), never negative.

    Args:
        demand: (n, scenarios, k + 1) units of the coming periods, the last one the first that the order can serve.
        on_hand: (n,) units. in_transit: (n, k) units that arrive at the start of each period before that.
        critical_fractile: shortage cost / (shortage cost + holding cost) of a unit and period.
    """
    shelf = np.repeat(np.asarray(on_hand, float)[:, None], demand.shape[1], axis=1)
    for period in range(in_transit.shape[1]):
        shelf = np.clip(shelf + in_transit[:, period, None] - demand[:, :, period], 0, None)
    lacking = np.sort(demand[:, :, -1] - shelf, axis=1)
    at = np.clip(np.ceil(np.asarray(critical_fractile) * lacking.shape[1]).astype(int) - 1, 0, lacking.shape[1] - 1)
    wanted = np.take_along_axis(lacking, np.broadcast_to(at, (len(lacking),))[:, None], axis=1)[:, 0]
    return np.clip(np.round(wanted), 0, None)
