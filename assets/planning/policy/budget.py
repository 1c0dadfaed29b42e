"""Capital against service over all items: the exchange curve, and the best service that a budget buys.

Each item has a curve of units short against stock, read at the points of its demand grid; only its lower convex hull can be
part of a best allocation. The steps along all hulls, taken in the order of shortage saved per unit of currency, are the
exchange curve of the company: after each step no other levels on these points serve more for the same money (greedy
marginal allocation, Fox 1966, doi:10.1287/mnsc.13.3.210). Silver, Pyke and Thomas, 4th ed., 6.11 and 7.A.2, have the same
condition for normal demand. An item x warehouse that feeds others represents all that it feeds: its demand, levels and
stock are those of the echelon, what is fed takes no part.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

from assets.planning.parameters.mixture import LEVELS
from assets.planning.policy.distribution import cycle_shortage, expected_shortage, quantile

#: Levels that are tried between two points of the demand grid.
BETWEEN = 3
#: Parts into which the one step that does not fit as a whole is cut.
PARTS = 32


@dataclass(frozen=True)
class BudgetItems:
    """Per item x warehouse: protection and lead (n, levels) demand grids; everything else (n,).

    sold: units sold in a cycle (the lot; the demand of a review period for order-up-to policies). credit: see
    `distribution.cycle_shortage`. mean: of the protection demand. weight: value of a unit short; the unit cost gives a
    fill rate by value, 1 by units. Rows without cost or demand take no part; the caller leaves them out.
    """

    protection: np.ndarray
    lead: np.ndarray
    mean: np.ndarray
    sold: np.ndarray
    credit: np.ndarray
    year_units: np.ndarray
    unit_cost: np.ndarray
    weight: np.ndarray
    is_whole_units: bool = True


@dataclass(frozen=True)
class Allocation:
    """level: reorder point of each row; invested_value: mean stock at cost; fill_rate: weighted, over all rows.

    multiplier: shortage of a year saved by the next unit of currency (NaN for levels that were given).
    """

    level: np.ndarray
    multiplier: float
    invested_value: float
    fill_rate: float


@dataclass(frozen=True)
class Exchange:
    """All steps of the exchange curve, best first.

    items: what it is of. base: (n,) the lowest levels. row, level: (steps,) which row is lifted to which level. invested,
    fill: (steps + 1,) of the company before the first step and after each. rate: (steps,) shortage of a year saved per unit
    of currency.
    """

    items: BudgetItems
    base: np.ndarray
    row: np.ndarray
    level: np.ndarray
    invested: np.ndarray
    fill: np.ndarray
    rate: np.ndarray

    def after(self, steps: int) -> Allocation:
        """The allocation after so many steps."""
        level = self.base.copy()
        np.maximum.at(level, self.row[:steps], self.level[:steps])
        rate = float(self.rate[min(steps, len(self.rate) - 1)]) if len(self.rate) else float("nan")
        return Allocation(level, rate, float(self.invested[steps]), float(self.fill[steps]))

    def within(self, step: int) -> list[Allocation]:
        """The allocations between `after(step)` and `after(step + 1)`, both included, by rising level."""
        before = self.after(step)
        if step >= len(self.row):
            return [before]
        row = int(self.row[step])
        levels = np.linspace(before.level[row], self.level[step], PARTS + 1)
        levels = np.unique(np.ceil(levels - 1e-9) if self.items.is_whole_units else levels)
        one, at = self.items, np.full(len(levels), row)
        only = BudgetItems(
            one.protection[at], one.lead[at], one.mean[at], one.sold[at], one.credit[at], one.year_units[at],
            one.unit_cost[at], one.weight[at], one.is_whole_units,
        )  # fmt: skip
        cost, missed = _stock(only, levels) * only.unit_cost, _missed(only, levels)
        share = float(self.items.year_units[row] * self.items.weight[row])
        share /= max(float((self.items.year_units * self.items.weight).sum()), 1e-12)
        found = []
        for k, level in enumerate(levels):
            changed = before.level.copy()
            changed[row] = level
            found.append(
                Allocation(changed, before.multiplier, before.invested_value + float(cost[k] - cost[0]),
                           before.fill_rate + share * float(missed[0] - missed[k]))
            )  # fmt: skip
        return found


def exchange(items: BudgetItems, also: np.ndarray | None = None) -> Exchange:
    """The exchange curve of all items; also: (n, k) levels that are tried beside those of the demand grid."""
    count = len(items.sold)
    points = [LEVELS[0]]
    for low, high in itertools.pairwise(LEVELS):
        points += list(low + (high - low) * np.arange(1, BETWEEN + 1) / BETWEEN)
    levels = [quantile(items.protection, np.full(count, point)) for point in points]
    levels += [] if also is None else [np.maximum(also[:, k], levels[0]) for k in range(also.shape[1])]
    matrix = np.column_stack(levels)
    matrix = np.sort(np.ceil(matrix - 1e-9) if items.is_whole_units else matrix, axis=1)
    stock, short = np.empty_like(matrix), np.empty_like(matrix)
    for k in range(matrix.shape[1]):
        stock[:, k], short[:, k] = _stock(items, matrix[:, k]), _missed(items, matrix[:, k])
    cost = stock * items.unit_cost[:, None]
    asked = items.year_units * items.weight
    missed = short * asked[:, None]
    kept = np.zeros(matrix.shape, np.bool_)
    _hulls(cost, missed, kept)
    row, at = np.nonzero(kept)
    first = np.append(True, np.diff(row) != 0)
    money, value = cost[row, at], missed[row, at]
    more, saved = np.diff(money, prepend=0.0)[~first], -np.diff(value, prepend=0.0)[~first]
    # along a row never rising, so that no step is taken before the one below it
    rate = _falling(row[~first], saved / np.maximum(more, 1e-12))
    order = np.argsort(-rate, kind="stable")
    total = max(float(asked.sum()), 1e-12)
    invested = float(money[first].sum()) + np.append(0.0, np.cumsum(more[order]))
    fill = 1 - (float(value[first].sum()) - np.append(0.0, np.cumsum(saved[order]))) / total
    return Exchange(
        items, matrix[row, at][first], row[~first][order], matrix[row, at][~first][order], invested, fill, rate[order]
    )


@njit(cache=True, nogil=True)
def _hulls(cost, missed, kept):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Marks the lower convex hull of each row's points, cost rising along the row: only steps that save, ever less."""
    for r in range(len(cost)):
        stack = np.empty(cost.shape[1], np.int64)
        top = 0
        for k in range(cost.shape[1]):
            while (
                top > 0 and cost[r, k] <= cost[r, stack[top - 1]] + 1e-12 and missed[r, k] <= missed[r, stack[top - 1]]
            ):
                top -= 1
            if top > 0 and missed[r, k] >= missed[r, stack[top - 1]] - 1e-12:
                continue
            while top > 1:
                i, j = stack[top - 2], stack[top - 1]
                before = (missed[r, i] - missed[r, j]) * (cost[r, k] - cost[r, j])
                after = (missed[r, j] - missed[r, k]) * (cost[r, j] - cost[r, i])
                if after <= before * (1 + 1e-9) + 1e-12:
                    break  # points on one line stay: they are smaller steps
                top -= 1
            stack[top] = k
            top += 1
        for k in range(top):
            kept[r, stack[k]] = True


@njit(cache=True, nogil=True)
def _falling(row, rate):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The rates with each held to the one before it in the same row."""
    result = rate.copy()
    for k in range(1, len(result)):
        if row[k] == row[k - 1]:
            result[k] = min(result[k], result[k - 1])
    return result


def _stock(items: BudgetItems, level: np.ndarray) -> np.ndarray:
    """Mean units: what is left at the end of a cycle and half of what is sold in it."""
    return np.clip(level - items.mean + expected_shortage(items.protection, level), 0, None) + items.sold / 2


def _missed(items: BudgetItems, level: np.ndarray) -> np.ndarray:
    """Share of the units of a cycle that are not shipped from stock."""
    short = cycle_shortage(items.protection, items.lead, level, items.credit)
    return np.clip(np.divide(short, items.sold, out=np.zeros_like(short), where=items.sold > 0), 0, 1)


def allocation_at(items: BudgetItems, level: np.ndarray) -> Allocation:
    """What given reorder points invest and serve."""
    asked = items.year_units * items.weight
    total = float(asked.sum())
    fill = 1 - float((_missed(items, level) * asked).sum()) / total if total > 0 else 1.0
    return Allocation(level, float("nan"), float((_stock(items, level) * items.unit_cost).sum()), fill)


def exchange_curve(found: Exchange, points: int = 40, at: tuple[float, ...] = ()) -> pd.DataFrame:
    """invested_value, fill_rate, multiplier (shortage of a year saved by the last unit of currency), rising.

    From the least stock to the best service in `points` equal steps of log stock, and the best for each value of `at`.
    """
    low, high = max(float(found.invested[0]), 1e-9), max(float(found.invested[-1]), 1e-9)
    wanted = np.append(np.geomspace(low, high, points), at)
    best = [best_for_budget(found, float(value) * (1 + 1e-12)) for value in np.sort(wanted)]
    table = pd.DataFrame(
        {
            "invested_value": [each.invested_value for each in best],
            "fill_rate": [each.fill_rate for each in best],
            "multiplier": [each.multiplier for each in best],
        }
    )
    return table.drop_duplicates("invested_value").sort_values("invested_value", ignore_index=True)


def best_for_budget(found: Exchange, budget_value: float) -> Allocation:
    """The allocation that spends at most the budget; where even the least stock costs more, that least stock.

    The caller compares invested_value with the budget: above it, the budget does not carry the lots alone.
    """
    steps = max(int(np.searchsorted(found.invested, budget_value, side="right")) - 1, 0)
    fitting = [each for each in found.within(steps) if each.invested_value <= budget_value]
    return max(fitting, key=lambda each: each.fill_rate) if fitting else found.after(0)


def best_for_fill(found: Exchange, fill_rate: float) -> Allocation:
    """The cheapest allocation whose fill rate over all rows reaches the target; the best there is where none does."""
    steps = int(np.searchsorted(found.fill, fill_rate, side="left"))
    if steps == 0 or steps >= len(found.fill):
        return found.after(min(steps, len(found.fill) - 1))
    reaching = [each for each in found.within(steps - 1) if each.fill_rate >= fill_rate]
    return min(reaching, key=lambda each: each.invested_value) if reaching else found.after(steps)


def evenly(items: BudgetItems, service_rate: float) -> Allocation:
    """The usual alternative: one cycle service level for all; what the allocation is to be compared with."""
    level = quantile(items.protection, np.full(len(items.sold), service_rate))
    return allocation_at(items, level)
