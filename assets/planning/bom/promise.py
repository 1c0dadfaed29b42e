"""What can be promised: available-to-promise (ATP) from stock and supply, capable-to-promise (CTP) from parts and time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.shape import not_before

COLUMNS = ["item_id", "from_date", "supply_units", "committed_units", "promise_units", "capable_units", "capable_date"]


def available_to_promise(
    on_hand: pd.Series, receipts: pd.DataFrame, committed: pd.DataFrame, today: pd.Timestamp
) -> pd.DataFrame:
    """Cumulative units that a new order may take from each day on, without breaking an earlier promise.

    At day t: supply up to t less commitments up to t, never more than what every later day leaves (so that what is
    promised later is not sold now). A row per item and day on which it changes: item_id, from_date, supply_units (came by
    then), committed_units, promise_units (>= 0).

    Args:
        on_hand: nettable units by item. receipts: item_id, due_date, units. committed: item_id, need_date, units; what is
            overdue counts as today.
    """
    start = pd.DataFrame(
        {"item_id": on_hand.index.astype(str), "day": today, "units": on_hand.clip(lower=0).to_numpy(float)}
    )
    came = pd.DataFrame(
        {
            "item_id": receipts["item_id"],
            "day": pd.to_datetime(receipts["due_date"]),
            "units": receipts["units"].astype(float),
        }
    )
    went = pd.DataFrame(
        {
            "item_id": committed["item_id"],
            "day": pd.to_datetime(committed["need_date"]),
            "out": committed["units"].astype(float),
        }
    )
    rows = pd.concat([start, came, went], ignore_index=True)
    rows["day"] = not_before(rows["day"], today)
    rows[["units", "out"]] = rows[["units", "out"]].fillna(0.0)
    rows = rows.groupby(["item_id", "day"], sort=True, as_index=False)[["units", "out"]].sum()
    rows["supply_units"] = rows.groupby("item_id")["units"].cumsum()
    rows["committed_units"] = rows.groupby("item_id")["out"].cumsum()
    left = rows["supply_units"] - rows["committed_units"]
    least = left[::-1].groupby(rows["item_id"][::-1]).cummin()[::-1]
    rows["promise_units"] = least.clip(lower=0)
    return rows.rename(columns={"day": "from_date"})[COLUMNS[:5]]


def capable_to_promise(
    promise: pd.DataFrame, lines: pd.DataFrame, lead_days: pd.Series, today: pd.Timestamp, passes: int = 20
) -> pd.DataFrame:
    """`promise` with what can be made in addition from parts that are free today, and the day on which it is finished.

    capable_units: of a made item, whole units that today's promise of its components allows (components that are made
    themselves count with what they can be made of, one lead time later); 0 for bought items. Each item is looked at
    alone: parts that two items share can be promised once.

    Args:
        lines: main lines, without phantoms: item_id, component_item_id, units_per.
    """
    free = promise[promise["from_date"] == today].groupby("item_id")["promise_units"].sum()
    capable = pd.Series(0.0, index=sorted(set(lines["item_id"])))
    wait = pd.Series(0.0, index=capable.index)
    for _ in range(passes):
        have = free.reindex(lines["component_item_id"]).fillna(0.0).to_numpy(float)
        more = capable.reindex(lines["component_item_id"]).fillna(0.0).to_numpy(float)
        units = np.floor((have + more) / lines["units_per"].to_numpy(float) + 1e-9)
        found = pd.Series(units, index=lines["item_id"]).groupby(level=0).min()
        made_of = wait.reindex(lines["component_item_id"]).fillna(0.0).to_numpy(float) * (more > 0)
        days = pd.Series(made_of, index=lines["item_id"]).groupby(level=0).max() + lead_days.reindex(
            found.index
        ).fillna(0.0)
        if found.equals(capable) and days.equals(wait):
            break
        capable, wait = found, days
    result = promise.copy()
    result["capable_units"] = result["item_id"].map(capable).fillna(0.0)
    ready = today + pd.to_timedelta(result["item_id"].map(wait).fillna(0.0), unit="D")
    result["capable_date"] = ready.where(result["capable_units"] > 0)
    return result[COLUMNS]
