"""What of the stock can be sold: expired, not available and short-dated units leave the position, each with its reason.

First expired, first out: a lot serves what the lots before it leave of the demand up to its last day; what is left of it
then will not be sold. Units on order are run through the same line with the life that goods have when they arrive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

from assets.planning.schedule.curves import Curves
from assets.planning.sentences import joined, say

KEYS = ["item_id", "warehouse_id"]
REASONS = ("expired", "short_dated", "qc", "frozen", "defective", "returned", "scrap", "not_own", "not_nettable")


@dataclass(frozen=True)
class Availability:
    """Per row, units: unsellable within `available_units` (expired and short_dated), and short-dated part of what is to come.

    lots: a row per lot that will not sell out: expiry_date, on_hand_units, unsold_units. reason: a sentence
        for each reason, empty for none.
    """

    expired: np.ndarray
    short_dated: np.ndarray
    inbound_short_dated: np.ndarray
    unavailable: np.ndarray
    reason: np.ndarray
    lots: pd.DataFrame


def availability(
    keys: pd.DataFrame,
    lots: pd.DataFrame,
    receipts: pd.DataFrame,
    shelf_life_days: np.ndarray,
    curves: Curves,
    as_of: pd.Timestamp,
) -> Availability:
    """Availability of each row of `keys`.

    Args:
        lots: intermediate.int_stock_lots. receipts: item_id, warehouse_id, day (from 1), units of what is to come.
        shelf_life_days: (n,) life of goods when they arrive, NaN or 0: they do not expire. curves: demand of each row
            (of what it feeds as well, where it feeds other warehouses).
    """
    n = len(keys)
    index = pd.MultiIndex.from_frame(keys[KEYS])
    at = index.get_indexer(pd.MultiIndex.from_frame(lots[KEYS])) if len(lots) else np.zeros(0, int)
    units = lots["on_hand_units"].to_numpy(float)
    why = lots["unavailable_reason"].astype(object).where(lots["unavailable_reason"].notna(), None).to_numpy(object)
    last = (pd.to_datetime(lots["expiry_date"]) - as_of).dt.days.to_numpy(float)
    sums: dict[str, np.ndarray] = {name: np.zeros(n) for name in REASONS}
    for name in sums:
        hit = (at >= 0) & (why == name)
        np.add.at(sums[name], at[hit], units[hit])
    dated = (at >= 0) & np.array([each is None for each in why], bool)
    life = np.where(np.isfinite(shelf_life_days) & (shelf_life_days > 0), shelf_life_days, np.inf)
    inbound = index.get_indexer(pd.MultiIndex.from_frame(receipts[KEYS])) if len(receipts) else np.zeros(0, int)
    comes = receipts["day"].to_numpy(float)
    row = np.concatenate([at[dated], inbound[inbound >= 0]])
    begin = np.concatenate([np.zeros(int(dated.sum())), comes[inbound >= 0]])
    end = np.concatenate(
        [np.where(np.isfinite(last[dated]), last[dated], np.inf), (comes + life[inbound])[inbound >= 0]]
    )
    amount = np.concatenate([units[dated], receipts["units"].to_numpy(float)[inbound >= 0]])
    unsold = np.zeros(len(row))
    order = np.lexsort((begin, end, row))
    expiring = np.zeros(n, bool)
    expiring[row[np.isfinite(end)]] = True
    order = order[expiring[row[order]]]
    sorted_unsold = np.zeros(len(order))
    starts = np.searchsorted(row[order], np.arange(n + 1))
    _sell_out(
        starts, begin[order], np.minimum(end[order], curves.days), np.isfinite(end[order]), amount[order],
        curves.total, curves.period_days, sorted_unsold,
    )  # fmt: skip
    unsold[order] = np.round(sorted_unsold, 6)
    held = int(dated.sum())
    sums["short_dated"] = np.bincount(row[:held], unsold[:held], n)
    later = np.bincount(row[held:], unsold[held:], n)
    kept = lots.loc[dated].assign(unsold_units=unsold[:held])
    kept = kept[kept["unsold_units"] > 1e-9]
    texts = [
        joined(*(say("unavailable", float(sums[name][i]), name) for name in REASONS if sums[name][i] > 1e-9))
        for i in range(n)
    ]  # fmt: skip
    return Availability(
        sums["expired"], sums["short_dated"], later, np.sum(list(sums.values()), axis=0), np.array(texts, object),
        kept[[*KEYS, "lot_no", "expiry_date", "on_hand_units", "unsold_units"]],
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _sell_out(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    starts, begin, end, expires, amount, total, period_days, unsold
):
    """Day by day over the lots of each row, sorted by last day: what is left of each when it ends."""
    for i in range(len(starts) - 1):
        a, b = starts[i], starts[i + 1]
        if a == b:
            continue
        left = amount[a:b].copy()
        final = 0
        for k in range(a, b):
            if expires[k]:
                final = max(final, int(end[k]))
        before = 0.0
        for day in range(1, final + 1):
            place = day / period_days
            whole = min(int(place), total.shape[1] - 2)
            now = total[i, whole] + (place - whole) * (total[i, whole + 1] - total[i, whole])
            wanted = now - before
            before = now
            for k in range(a, b):
                if wanted <= 1e-12:
                    break
                if left[k - a] <= 0 or begin[k] > day or (expires[k] and end[k] < day):
                    continue
                part = min(left[k - a], wanted)
                left[k - a] -= part
                wanted -= part
        for k in range(a, b):
            if expires[k]:
                unsold[k] = left[k - a]
