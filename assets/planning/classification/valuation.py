"""At what value an item's consumption is ranked, when some or all of it has no cost."""

from __future__ import annotations

import numpy as np
import pandas as pd


def consumption_value(
    units: np.ndarray, value: np.ndarray, unit_cost: np.ndarray, unit_price: np.ndarray, company: np.ndarray
) -> pd.DataFrame:
    """Annual consumption value of each row and what it is based on.

    Each company is ranked on one scale, in its own currency: cost where anything has a cost, else price where anything has
    a price, else units. On the cost scale a row without a cost is put at its price times the median cost-to-price ratio of
    the rows of the company that have both (1 where none has), and one with neither at its median unit cost; its basis says
    so (`price`, `units`).

    Args:
        units, value: (n,) consumption of the window; `value` is at cost, NaN where it is not known.
        unit_cost, unit_price: (n,) of the item, NaN where not known. company: (n,) labels.

    Returns:
        annual_consumption_value (finite, >= 0) and value_basis (`cost`, `price`, `units`) in input order.
    """
    figures = (np.clip(np.nan_to_num(np.asarray(units, float)), 0, None), value, unit_cost, unit_price)
    result, basis = np.zeros(len(units)), np.full(len(units), "units", dtype=object)
    for name in np.unique(company):
        rows = company == name
        result[rows], basis[rows] = _of_one_company(*(np.asarray(each, float)[rows] for each in figures))
    return pd.DataFrame({"annual_consumption_value": np.clip(np.nan_to_num(result), 0, None), "value_basis": basis})


def _of_one_company(
    units: np.ndarray, value: np.ndarray, unit_cost: np.ndarray, unit_price: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    at_cost = np.where(np.isfinite(value), value, units * unit_cost)
    has_cost, has_price = np.isfinite(at_cost) & (np.isfinite(unit_cost) | (units > 0)), np.isfinite(unit_price)
    if has_cost.any():
        both = has_price & np.isfinite(unit_cost) & (unit_price > 0)
        ratio = float(np.median(unit_cost[both] / unit_price[both])) if both.any() else 1.0
        typical = float(np.nanmedian(unit_cost)) if np.isfinite(unit_cost).any() else 1.0
        without = np.where(has_price, units * unit_price * ratio, units * typical)
        basis = np.where(has_cost, "cost", np.where(has_price, "price", "units"))
        return np.where(has_cost, np.nan_to_num(at_cost), without), basis
    if has_price.any():
        priced = units * np.where(has_price, unit_price, float(np.nanmedian(unit_price)))
        return priced, np.where(has_price, "price", "units")
    return units, np.full(len(units), "units", dtype=object)
