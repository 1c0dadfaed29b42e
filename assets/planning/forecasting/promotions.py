"""Promotions: how much was sold through past ones, and what the planned ones will therefore sell.

Stages: (1) a promotion's days become the intensity of each period: expected uplift x share of its days (`demand`);
(2) the base of a series is its level around, promoted periods left out; (3) what promoted periods sold above it, over
what was expected, is the response of the item, with its error; (4) the response is shrunk to that of its category, this
to the company's, and this to one, which is the planner's own expectation (empirical Bayes, normal-normal); (5) factors
1 + response x intensity for past periods, which the models then see without the promotion, and for those ahead.

Bounds: a response lies between zero and the largest that an item has shown with an error below a half; an intensity
ahead is at most the largest one that the category (else the company) has lived through. Known drawbacks: demand drawn
forward from the weeks after is not taken back, and a promotion of one channel counts as one of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.forecasting.panel import Panel

#: Periods on either side that the base is the mean of, by frequency: a quarter of a year.
_HALF_WIDTH = {"D": 42, "W": 13, "M": 6}
#: Deviation of a company's response from what its planners expect, before anything is measured: they may be half off.
_EXPECTATION_SD = 0.5
#: Least deviation of responses between the items of a category: below it, items would be called alike that never are.
_LEAST_SPREAD = 0.1
#: Periods that are promoted less than this sell as usual.
_FAINT = 0.02


@dataclass(frozen=True)
class PromotionEffects:
    """Factors (n, end + horizon), one where nothing is promoted; and per series what they rest on.

    table: position in the panel, response_rate (of the expected uplift), standard_error, promoted_periods (of the
    item's own past), source (`item`, `category`, `company`, `expected`: what weighs most).
    """

    factors: NDArray[np.float64]
    table: pd.DataFrame


def _base(panel: Panel, quiet: NDArray[np.bool_], end: int) -> NDArray[np.float64]:
    """Mean of quiet known periods within the half width (n, end); of all quiet ones where none is near."""
    units = np.cumsum(np.pad(np.where(quiet, panel.y[:, :end], 0.0), ((0, 0), (1, 0))), axis=1)
    number = np.cumsum(np.pad(quiet.astype(float), ((0, 0), (1, 0))), axis=1)
    width = _HALF_WIDTH[panel.frequency]
    low = np.maximum(np.arange(end) - width, 0)
    high = np.minimum(np.arange(end) + width + 1, end)
    count = number[:, high] - number[:, low]
    whole = units[:, -1:] / np.maximum(number[:, -1:], 1.0)
    return np.where(count >= 3, (units[:, high] - units[:, low]) / np.maximum(count, 1.0), whole)


def _pooled(value: NDArray, precision: NDArray, prior: float, prior_variance: float) -> tuple[float, float, float]:
    """Mean of a group's values, its variance, and the variance of values between members (method of moments)."""
    total = precision.sum()
    if total <= 0:
        return prior, prior_variance, _EXPECTATION_SD**2
    mean = float((precision * value).sum() / total)
    spare = total - (precision**2).sum() / total
    excess = (precision * (value - mean) ** 2).sum() - ((precision > 0).sum() - 1)
    between = max(float(excess / spare) if spare > 0 else 0.0, _LEAST_SPREAD**2)
    weight = np.where(precision > 0, 1.0 / (1.0 / np.where(precision > 0, precision, 1.0) + between), 0.0)
    own = weight.sum()
    held = own + 1.0 / prior_variance
    return float(((weight * value).sum() + prior / prior_variance) / held), float(1.0 / held), between


def promotion_effects(panel: Panel, end: int, horizon: int) -> PromotionEffects | None:
    """Effects learned from columns before `end`; None where nothing is promoted up to `end + horizon`.

    Responses are learned per item: the series of a panel whose keys have an `item_id` share their item's.
    """
    if panel.promotion is None:
        return None
    wide = min(end + horizon, panel.promotion.shape[1])
    expected = np.zeros((len(panel.y), end + horizon))
    expected[:, :wide] = panel.promotion[:, :wide]
    if not (expected > _FAINT).any():
        return None
    past = expected[:, :end]
    promoted = panel.exact[:, :end] & (past > _FAINT)
    base = _base(panel, panel.ok[:, :end] & (past <= _FAINT), end)
    use = promoted & (base > 0)
    item = _items(panel)
    value, precision, periods = _item_responses(panel, past, base, use, item)
    category = np.zeros(item.max() + 1, dtype=np.int64)
    category[item] = panel.group
    company = _pooled(value, precision, 1.0, _EXPECTATION_SD**2)
    response, error = np.empty(len(value)), np.empty(len(value))
    source = np.empty(len(value), dtype=object)
    for code in np.unique(category):
        member = category == code
        mean, variance, between = _pooled(value[member], precision[member], company[0], company[1] + company[2] / 4)
        held = precision[member] + 1.0 / (between + variance)
        response[member] = (precision[member] * value[member] + mean / (between + variance)) / held
        error[member] = np.sqrt(1.0 / held)
        above = "category" if precision[member].sum() > 0 else "company" if precision.sum() > 0 else "expected"
        source[member] = np.where(precision[member] > 0.5 * held, "item", above)
    sure = precision > 4.0
    response = np.clip(
        response, 0.0, max(float(value[sure].max(initial=0.0)), company[0], 1.0 if not sure.any() else 0)
    )
    ceiling = _highest(np.where(use, past, 0.0), panel.group)
    ahead = np.where(ceiling > 0, np.minimum(expected[:, end:].T, ceiling), expected[:, end:].T).T
    factors = 1.0 + response[item][:, None] * np.concatenate([past, ahead], axis=1)
    table = pd.DataFrame(
        {"position": np.arange(len(item)), "response_rate": response[item], "standard_error": error[item],
         "promoted_periods": periods[item], "source": source[item]}
    )  # fmt: skip
    return PromotionEffects(factors, table.iloc[np.flatnonzero((expected > _FAINT).any(axis=1))].reset_index(drop=True))


def _items(panel: Panel) -> NDArray[np.int64]:
    """Code (n,) of the item of each series; every series is its own where the keys do not say."""
    if "item_id" not in panel.keys:
        return np.arange(len(panel.y))
    return pd.factorize(panel.keys["item_id"], sort=True)[0].astype(np.int64)


def _item_responses(
    panel: Panel, past: NDArray, base: NDArray, use: NDArray[np.bool_], item: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Response (I,) of each item, its precision, and the promoted periods that it rests on."""
    count = int(item.max()) + 1
    extra = np.where(use, panel.y[:, : past.shape[1]] - base, 0.0).sum(axis=1)
    claim = np.where(use, base * past, 0.0).sum(axis=1)
    quiet = panel.exact[:, : past.shape[1]] & (past <= _FAINT) & (base > 0)
    gap = np.where(quiet, panel.y[:, : past.shape[1]] - base, 0.0)
    plain = (gap**2).sum(axis=1) / np.maximum(quiet.sum(axis=1), 1)
    level = np.where(use, base, 0.0).sum(axis=1) / np.maximum(use.sum(axis=1), 1)
    # a promoted period scatters more than a quiet one, as its mean is higher: by a power of 1.5, as elsewhere
    lift = np.where(use, (1.0 + past) ** 1.5, 0.0).sum(axis=1)
    noise = np.maximum(plain, np.maximum(level, 1e-9)) * lift
    totals = [np.bincount(item, weights=part, minlength=count) for part in (extra, claim, noise)]
    known = totals[1] > 0
    value = np.divide(totals[0], totals[1], out=np.zeros(count), where=known)
    precision = np.divide(totals[1] ** 2, totals[2], out=np.zeros(count), where=known & (totals[2] > 0))
    return value, precision, np.bincount(item, weights=use.sum(axis=1), minlength=count).astype(np.int64)


def _highest(past: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Largest intensity (n,) that each series' category has lived through; the company's where it has none."""
    top = np.zeros(int(group.max()) + 1)
    np.maximum.at(top, group, past.max(axis=1, initial=0.0))
    return np.where(top[group] > 0, top[group], past.max(initial=0.0))
