"""Lead times that a replay draws from: of the supplier and item, else of the supplier, else the assumed spread."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.parameters.mixture import lead_time_support
from assets.planning.replay.ragged import Ragged


def lead_time_draws(receipts: pd.DataFrame, lead_times: pd.DataFrame, *, min_own: int, points: int = 9) -> Ragged:
    """Lead times in whole days (in `day`; `units` is empty) for each row of `lead_times`.

    Args:
        receipts: int_supplier_lead_times up to the start of the window. lead_times: result of
            `assets.planning.parameters.lead_times`.
    """
    pools: dict[tuple[object, ...], np.ndarray] = {}
    if not receipts.empty:
        measured = receipts[receipts["lead_time_days"].astype(float) >= 0]
        for level in (["supplier_id", "item_id"], ["supplier_id"]):
            for key, days in measured.groupby(level, sort=True)["lead_time_days"]:
                if len(days) >= min_own:
                    pools[key if isinstance(key, tuple) else (key,)] = np.sort(days.to_numpy(float))
    mean, sd = lead_times["lead_time_days_mean"].to_numpy(float), lead_times["lead_time_days_sd"].to_numpy(float)
    assumed = np.rint(lead_time_support(mean, sd, points)).astype(np.int64)
    parts, sizes = [], np.empty(len(lead_times), np.int64)
    suppliers, items = lead_times["supplier_id"].to_numpy(object), lead_times["item_id"].to_numpy(object)
    for row, (supplier, item) in enumerate(zip(suppliers, items, strict=True)):
        pool = pools.get((supplier, item))
        pool = pool if pool is not None else pools.get((supplier,))
        part = assumed[row] if pool is None else np.rint(pool).astype(np.int64)
        parts.append(part)
        sizes[row] = len(part)
    day = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    return Ragged(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), day, np.zeros(0))
