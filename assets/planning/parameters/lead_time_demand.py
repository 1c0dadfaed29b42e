"""`planning.lead_time_demand`: forecast demand over the lead time and over lead time plus review, as distributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.parameters.demand_sums import LeadTimeDemand
from assets.planning.parameters.mixture import LEVELS, lead_time_support, mix
from assets.planning.parameters.settings import ParameterSettings

KEYS = ["item_id", "warehouse_id"]
PERIOD_DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12}
PUBLISHED = {0.5: "q50_units", 0.75: "q75_units", 0.8: "q80_units", 0.9: "q90_units", 0.95: "q95_units",
             0.98: "q98_units", 0.99: "q99_units"}  # fmt: skip


@dataclass(frozen=True)
class DemandDistribution:
    """Demand over an interval of each row: (n, len(LEVELS)) quantiles, (n,) mean and deviation; units."""

    quantiles: np.ndarray
    mean: np.ndarray
    sd: np.ndarray


@dataclass(frozen=True)
class LeadTimeDemandResult:
    """`table` is planning.lead_time_demand; the distributions are in the order of its rows.

    lead is demand while an order is under way, protection until the next one can arrive (lead time + review period).
    """

    table: pd.DataFrame
    lead: DemandDistribution
    protection: DemandDistribution


def lead_time_demand(
    series: pd.DataFrame,
    sums: LeadTimeDemand,
    lead_time: pd.DataFrame,
    review_period_days: np.ndarray,
    *,
    frequency: str,
    settings: ParameterSettings,
) -> LeadTimeDemandResult:
    """Demand distributions over lead time and protection interval, lead-time spread included.

    Args:
        series: item_id, warehouse_id of the rows of `sums`, in its order.
        sums: forecast demand sums, periods counted from the one after the as-of date.
        lead_time: result of `lead_times`; its rows and order are those of the answer. A row without a series has
            no demand (has_forecast says so).
        review_period_days: (rows of lead_time,) days between two looks at the item.
        frequency: `D`, `W` or `M`, the length of a forecast period.

    Source: Silver, Pyke and Thomas, Inventory and Production Management, 4th ed., 6.10 (variable lead time); the
    mixture replaces their normal approximation.
    """
    at = pd.MultiIndex.from_frame(series[KEYS]).get_indexer(pd.MultiIndex.from_frame(lead_time[KEYS]))
    period = PERIOD_DAYS[frequency]
    points = lead_time_support(
        lead_time["lead_time_days_mean"].to_numpy(float),
        lead_time["lead_time_days_sd"].to_numpy(float),
        settings.lead_time_points,
    )
    review = np.asarray(review_period_days, float)
    lead = _over(sums, at, points / period, len(series))
    protection = _over(sums, at, (points + review[:, None]) / period, len(series))
    table = lead_time.copy()
    table["review_period_days"] = review
    table["protection_days"] = table["lead_time_days_mean"] + review
    table["mean_units"], table["sd_units"] = protection.mean, protection.sd
    for level, name in PUBLISHED.items():
        table[name] = protection.quantiles[:, int(np.searchsorted(LEVELS, level - 1e-9))]
    table["has_forecast"] = at >= 0
    return LeadTimeDemandResult(table, lead, protection)


def _over(sums: LeadTimeDemand, at: np.ndarray, periods: np.ndarray, series: int) -> DemandDistribution:
    """Mixture over equally likely interval lengths, (rows, points) in periods, of the summed demand."""
    rows, points = periods.shape
    known = at >= 0
    grids = np.zeros((rows, points, len(LEVELS)), dtype=np.float32)
    means, variances = np.zeros((rows, points)), np.zeros((rows, points))
    for point in range(points):
        if not known.any():
            break
        length = np.zeros(series)
        length[at[known]] = periods[known, point]
        grids[known, point] = sums.sum_quantiles(length, LEVELS)[at[known]]
        means[known, point] = sums.sum_mean(length)[at[known]]
        variances[known, point] = sums.sum_sd(length)[at[known]] ** 2
    total = variances.mean(axis=1) + means.var(axis=1)
    return DemandDistribution(np.clip(mix(grids), 0, None).astype(float), means.mean(axis=1), np.sqrt(total))
