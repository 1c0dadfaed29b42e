"""ABC: who makes up the consumption value. Shares, cuts and the by-lines variant; no memory of former classes."""

from __future__ import annotations

import numpy as np
import pandas as pd

ABC = np.array(["A", "B", "C"])


def pareto_shares(value: np.ndarray, tie_break: np.ndarray, group: np.ndarray | None = None) -> pd.DataFrame:
    """Share of each row in its group's total and the cumulative share in falling order of value.

    Args:
        value: (n,) consumption value, negative and missing count as 0 (returns beyond sales are no consumption).
        tie_break: (n,) text; equal values are ranked in its ascending order.
        group: (n,) labels that are ranked apart; one group when absent.

    Returns:
        Frame in input order: rank (1 = largest), consumption_share_rate, cumulative_share_rate (with the row itself),
        share_before_rate (without it). Where a group consumed nothing the shares are 0 and share_before_rate is 1.
    """
    clean = np.where(np.isfinite(value), np.clip(value, 0, None), 0.0)
    groups = pd.factorize(np.zeros(len(clean)) if group is None else group)[0]
    order = np.lexsort((np.asarray(tie_break, dtype=object).astype(str), -clean, groups))
    frame = pd.DataFrame({"group": groups[order], "value": clean[order]})
    by_group = frame.groupby("group", sort=False)["value"]
    total = by_group.transform("sum").to_numpy()
    safe_total = np.where(total > 0, total, 1.0)
    cumulative = np.minimum(by_group.cumsum().to_numpy() / safe_total, 1.0)
    share = frame["value"].to_numpy() / safe_total
    before = np.where(frame["value"].to_numpy() > 0, np.clip(cumulative - share, 0.0, 1.0), 1.0)
    result = pd.DataFrame(
        {
            "rank": by_group.cumcount().to_numpy() + 1,
            "consumption_share_rate": share,
            "cumulative_share_rate": cumulative,
            "share_before_rate": before,
        },
        index=order,
    )
    return result.sort_index()


def abc_index(share_before_rate: np.ndarray, a_rate: float, b_rate: float) -> np.ndarray:
    """0 for A, 1 for B, 2 for C. The row that crosses a cut stays above it, so the largest item is always A."""
    # 1e-12: cumulative sums of shares carry rounding of that size; a share on the cut is below it, not above
    return (share_before_rate >= a_rate - 1e-12).astype(int) + (share_before_rate >= b_rate - 1e-12).astype(int)


def abc_by_lines(
    line_count: np.ndarray, tie_break: np.ndarray, value_cuts: tuple[float, float], item_cuts: tuple[float, float]
) -> np.ndarray:
    """Variant of OCA `product_abc_classification_sale_stock`: rank by order lines, line share and item share added.

    A row opens class B when its cumulative line share plus cumulative item share exceeds the sum of the first cuts,
    C when it exceeds the sum of both; at most one step a row. Rates in 0..1 (0.80, 0.15) and (0.20, 0.30).
    """
    count = np.asarray(line_count, float)
    order = np.lexsort((np.asarray(tie_break, dtype=object).astype(str), -count))
    total = count.sum()
    lines = np.cumsum(count[order]) / (total if total > 0 else 1.0)
    items = np.arange(1, len(count) + 1) / max(len(count), 1)
    limits = np.cumsum(np.asarray(value_cuts) + np.asarray(item_cuts))
    classes = np.empty(len(count), int)
    level = 0
    for position, score in enumerate(lines + items):
        if level < len(limits) and score > limits[level] + 1e-12:
            level += 1
        classes[order[position]] = level
    return ABC[np.minimum(classes, 2)]
