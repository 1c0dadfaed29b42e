"""When a warehouse is full (爆仓): its stock projected by day against what it can hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.sentences import joined, say

COLUMNS = [
    "warehouse_id", "limit_kind", "limit_units", "on_hand_units", "use_rate", "peak_date", "peak_units",
    "peak_use_rate", "full_date", "storage_status", "largest_item_id", "reason",
]  # fmt: skip
NEAR_RATE = 0.9  # what warehouse planners call full for putting away; set 2026-11-30, not measured here


def storage_forecast(
    stock: pd.DataFrame,
    arrivals: pd.DataFrame,
    limits: pd.DataFrame,
    items: pd.DataFrame,
    today: pd.Timestamp,
    days: int,
) -> pd.DataFrame:
    """Per warehouse and kind of limit (`units`, `volume_m3`): use today, at the peak, and the day on which it is full.

    Args:
        stock: item_id, warehouse_id, on_hand_units (all that lies there), day_units (mean demand). arrivals: item_id,
            warehouse_id, due_date, units: open and draft orders. limits: warehouse_id, max_units, max_volume_m3 of
            warehouses as a whole. items: item_id, volume_m3 of a base unit.

    Returns:
        COLUMNS; limit_units, on_hand_units and peak_units are in the unit of the limit. full_date: first day above the
        limit, null where none is within `days`. largest_item_id: the item that brings most by then.
    """
    rows = stock.merge(items[["item_id", "volume_m3"]].drop_duplicates("item_id"), on="item_id", how="left")
    rows = rows.sort_values(["warehouse_id", "item_id"], ignore_index=True)
    at = pd.MultiIndex.from_frame(rows[["item_id", "warehouse_id"]])
    came = np.zeros((len(rows), days + 1))
    where = at.get_indexer(pd.MultiIndex.from_frame(arrivals[["item_id", "warehouse_id"]]))
    # today is over: what was due comes tomorrow at the earliest
    day = (pd.to_datetime(arrivals["due_date"]) - today).dt.days.fillna(1).clip(lower=1).to_numpy(int)
    use = (where >= 0) & (day <= days)
    np.add.at(came, (where[use], day[use]), arrivals["units"].astype(float).to_numpy()[use])
    net = came - rows["day_units"].to_numpy(float)[:, None] * (np.arange(days + 1) > 0)
    path = np.empty_like(net)
    level = np.clip(rows["on_hand_units"].to_numpy(float), 0, None)
    for step in range(days + 1):
        level = np.clip(level + net[:, step], 0, None)
        path[:, step] = level
    found = []
    for limit in limits.sort_values("warehouse_id").itertuples(index=False):
        here = (rows["warehouse_id"] == limit.warehouse_id).to_numpy()
        for kind, most, size in (
            ("units", limit.max_units, np.ones(len(rows))),
            ("volume_m3", limit.max_volume_m3, rows["volume_m3"].astype(float).to_numpy()),
        ):
            if most is None or pd.isna(most) or float(most) <= 0:  # type: ignore[arg-type]
                continue
            found.append(_row(str(limit.warehouse_id), kind, float(most), rows, path, here, size, today))  # type: ignore[arg-type]
    return pd.DataFrame(found, columns=COLUMNS)


def _row(
    warehouse: str, kind: str, most: float, rows: pd.DataFrame, path: np.ndarray, here: np.ndarray, size: np.ndarray,
    today: pd.Timestamp,
) -> tuple[object, ...]:  # fmt: skip
    unknown = here & ~np.isfinite(size) & (path.max(axis=1) > 0)
    weights = np.where(here & np.isfinite(size), np.nan_to_num(size), 0.0)
    total = weights @ path
    peak, above = int(np.argmax(total)), np.flatnonzero(total > most + 1e-9)
    full = today + pd.Timedelta(days=int(above[0])) if len(above) else pd.NaT
    until = int(above[0]) if len(above) else peak
    brings = weights * path[:, until]
    largest = str(rows["item_id"].iloc[int(np.argmax(brings))]) if brings.max(initial=0.0) > 0 else ""
    rate, now = total[peak] / most, total[0] / most
    status = "full" if now > 1 else "will_be_full" if len(above) else "nearly_full" if rate > NEAR_RATE else "ok"
    if status == "full":
        text = say("full_today")
    elif status == "will_be_full":
        text = say("full_on", f"{full:%Y-%m-%d}")
    else:
        text = say("at_most_used", f"{rate:.0%}")
    if unknown.any():
        text = joined(text, say("volume_unknown", int(unknown.sum())))
    return (
        warehouse, kind, most, total[0], now, today + pd.Timedelta(days=peak), total[peak], rate, full, status, largest,
        text,
    )  # fmt: skip
