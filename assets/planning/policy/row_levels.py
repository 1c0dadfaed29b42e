"""Levels of every row from its policy, demand distribution and master data: what the plan and the replay share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.parameters.lead_time_demand import LeadTimeDemandResult
from assets.planning.policy.levels import Levels, levels, service_probability
from assets.planning.policy.lots import lot_sizes
from assets.planning.policy.price_breaks import lots_with_breaks
from assets.planning.policy.rounding import clean_limits
from assets.planning.policy.settings import PolicySettings


@dataclass(frozen=True)
class RowLevels:
    """level: of each row; minimum and multiple: cleaned supplier limits; unit_cost: NaN where none is known."""

    level: Levels
    minimum: np.ndarray
    multiple: np.ndarray
    unit_cost: np.ndarray
    is_lot_by_cover: np.ndarray


def number(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column as numbers; NaN where it is missing or not there at all."""
    return frame[name].to_numpy(float) if name in frame else np.full(len(frame), np.nan)


def truth(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A boolean column; what is not known counts as true."""
    if name not in frame:
        return np.ones(len(frame), bool)
    return frame[name].map(lambda value: value is not False and value != 0).to_numpy(bool)


def row_levels(
    spine: pd.DataFrame,
    assigned: pd.DataFrame,
    demand: LeadTimeDemandResult,
    year_units: np.ndarray,
    settings: PolicySettings,
    price_breaks: pd.DataFrame | None = None,
    is_moved: np.ndarray | None = None,
) -> RowLevels:
    """Levels in the order of the spine.

    Args:
        year_units: (n,) demand expected over a year. price_breaks: item_id, from_units, unit_cost, or None; they move
            the lots of rows that run on EOQ. is_moved: (n,) rows that another warehouse feeds: what a supplier asks for
            (minimum, multiple) does not bind them.
    """
    cost = number(spine, "unit_cost_latest")
    cost = np.where(np.isfinite(cost) & (cost >= 0), cost, np.nan)
    minimum, multiple = clean_limits(
        number(spine, "moq_units"), number(spine, "order_multiple_units"), settings.is_whole_units
    )
    if is_moved is not None:
        minimum = np.where(is_moved, 0.0, minimum)
        multiple = np.where(is_moved, 1.0 if settings.is_whole_units else 0.0, multiple)
    lot, is_lot_by_cover = lot_sizes(
        assigned, year_units, cost, order_cost_value=settings.order_cost_value, holding_rate=settings.holding_rate,
        max_lot_cover_days=settings.max_lot_cover_days,
    )  # fmt: skip
    if price_breaks is not None:
        most = np.where(assigned["lot_rule"] == "eoq", year_units * settings.max_lot_cover_days / 365, -1.0)
        lot, _ = lots_with_breaks(
            spine, lot, year_units, cost, price_breaks, order_cost_value=settings.order_cost_value,
            holding_rate=settings.holding_rate, max_lot_units=most,
        )  # fmt: skip
    probability = service_probability(
        assigned, lot, year_units, holding_rate=settings.holding_rate, shortage_cost_rate=settings.shortage_cost_rate,
        cap_rate=settings.service_level_cap_rate,
    )  # fmt: skip
    fill = np.minimum(assigned["service_level_rate"].to_numpy(float), settings.service_level_cap_rate)
    level = levels(assigned, demand, lot, probability, fill, minimum, multiple, settings.is_whole_units)
    if "safety_scale_rate" in assigned:
        level = _scaled(level, assigned["safety_scale_rate"].to_numpy(float), settings.is_whole_units)
    return RowLevels(level, minimum, multiple, cost, is_lot_by_cover)


def _scaled(level: Levels, scale: np.ndarray, is_whole_units: bool) -> Levels:
    """Levels with the safety stock that the replay prefers: `scale` times what the service level asks for."""
    change = np.where(scale == 1.0, 0.0, (scale - 1) * level.safety_stock)
    change = np.ceil(change - 1e-9) if is_whole_units else change
    reorder = np.clip(level.reorder_point + change, 0, None)
    up_to = np.where(level.order_up_to > 0, np.maximum(level.order_up_to + change, reorder), 0.0)
    return Levels(np.clip(level.safety_stock + change, 0, None), reorder, up_to, level.quantity, level.read)
