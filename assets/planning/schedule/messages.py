"""What should happen to each open order: expedite, bring forward, put off, reduce, cancel; and what is overdue.

Orders of a row are taken in the order of their due dates. An order is needed on the day on which what is there and what
the orders before it bring falls below safety stock (of the whole echelon, where the row feeds other warehouses).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.schedule.curves import Curves
from assets.planning.schedule.settings import ScheduleSettings
from assets.planning.sentences import joined, say

KEYS = ["item_id", "warehouse_id"]
COLUMNS = [
    "source", "order_no", "order_line_id", "supplier_id", "from_warehouse_id", *KEYS, "order_date", "promised_date",
    "due_date", "overdue_days", "open_units", "open_value", "message", "message_units", "needed_date", "shift_days",
    "message_value", "value_status", "reason",
]  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """Per row: stock (units that can be sold less what waits), safety, lead_days, max_cover_days, unit_cost, may_order.

    Stock, safety and curves are of the echelon where the row feeds others.
    """

    stock: np.ndarray
    safety: np.ndarray
    lead_days: np.ndarray
    max_cover_days: np.ndarray
    unit_cost: np.ndarray
    may_order: np.ndarray
    holding_rate: float
    shortage_cost_rate: float


def order_messages(
    lines: pd.DataFrame,
    expected: pd.DataFrame,
    rows: np.ndarray,
    standing: Standing,
    curves: Curves,
    as_of: pd.Timestamp,
    settings: ScheduleSettings,
) -> pd.DataFrame:
    """A row per open order line with something to do, most money first.

    Args:
        lines: int_open_supply_lines. expected: `expected_receipts` of the same lines. rows: (lines,) row whose need each
            line serves, -1: none.

    Returns:
        COLUMNS. message: `expedite` (stock runs out before it comes and nothing ordered today would be faster),
        `bring_forward`, `put_off`, `reduce`, `cancel`, `overdue` (late, but not yet missed). message_units: what the
        message is about. message_value: shortage avoided, holding cost saved or money not spent, in currency.
    """
    known = np.flatnonzero(rows >= 0)
    day = expected["day"].to_numpy(float)[known]
    order = known[np.lexsort((lines["order_line_id"].astype(str).to_numpy()[known],
                              lines["order_no"].astype(str).to_numpy()[known], day, rows[known]))]  # fmt: skip
    row, due, units = rows[order], expected["day"].to_numpy(float)[order], expected["units"].to_numpy(float)[order]
    prior = pd.Series(units).groupby(row).cumsum().to_numpy() - units
    held = standing.stock[row] + prior
    needed = curves.day_reached(held - standing.safety[row], row)
    empty = curves.day_reached(held, row)
    late = lines["overdue_days"].to_numpy(float)[order] if "overdue_days" in lines else np.zeros(len(order))
    missed = np.clip(curves_at(curves, row, due) - np.maximum(held, 0), 0, units)
    cover_until = np.maximum(due, np.where(np.isfinite(needed), needed, due)) + standing.max_cover_days[row]
    keep = np.clip(curves_at(curves, row, cover_until) + standing.safety[row] - held, 0, units)
    gone = ~standing.may_order[row] | (~np.isfinite(needed)) | (keep <= 1e-9)
    # of an item that is still sold what is needed stays on order, even where nothing new would be ordered
    gone &= keep <= settings.min_change_rate * units
    shift = np.where(np.isfinite(needed), np.ceil(needed) - due, curves.days - due)
    less = units - keep
    slack = settings.tolerance_days
    runs_out = (missed > 1e-9) & (empty < due)
    message = np.select(
        [
            gone,
            runs_out & ((due <= standing.lead_days[row] + slack) | (late > 0)),
            (shift < -slack) | runs_out,
            less > np.maximum(settings.min_change_rate * units, 1.0 - 1e-9),
            shift > slack,
            late > 0,
        ],
        ["cancel", "expedite", "bring_forward", "reduce", "put_off", "overdue"],
        "",
    ).astype(object)
    cost = standing.unit_cost[row]
    about = np.select([message == "reduce", np.isin(message, ["expedite", "bring_forward"])], [less, missed], units)
    about = np.where(np.isin(message, ["expedite", "bring_forward"]) & (about <= 0), units, about)
    value = np.select(
        [np.isin(message, ["cancel", "reduce"]), message == "put_off", np.isin(message, ["expedite", "bring_forward"])],
        [about * cost, units * cost * standing.holding_rate * np.clip(shift, 0, None) / 365,
         missed * cost * standing.shortage_cost_rate],
        units * cost * standing.shortage_cost_rate * (message == "overdue"),
    )  # fmt: skip
    result = lines.iloc[order].reset_index(drop=True)
    result["message"], result["message_units"] = message, about
    moved = ~np.isin(message, ["cancel", "reduce", "overdue"]) & np.isfinite(needed)
    target = np.maximum(np.where(np.isfinite(needed), np.floor(needed), 0), 1)
    result["needed_date"] = (as_of + pd.to_timedelta(target, unit="D")).where(pd.Series(np.isfinite(needed) & ~gone))
    result["shift_days"] = np.where(moved, target - due, 0.0)
    result["message_value"] = value
    result["value_status"] = np.where(np.isfinite(value), "ok", "not_available: no unit cost")
    result["open_value"] = units * np.where(result["unit_price"].notna(), result["unit_price"].astype(float), cost)
    result["reason"] = [
        _reason(*each) for each in zip(message, held, units, due, empty, needed, missed, keep, late, strict=True)
    ]
    result = result[result["message"] != ""]
    names = ["message_value", "order_no", "order_line_id"]
    return result.sort_values(names, ascending=[False, True, True], kind="stable", ignore_index=True)[COLUMNS]


def curves_at(curves: Curves, rows: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Demand of days 1..day of the given rows."""
    return Curves(curves.total[rows], curves.period_days, curves.days).up_to(day)


def _reason(message: str, held: float, units: float, due: float, empty: float, needed: float, missed: float,
            keep: float, late: float) -> str:  # fmt: skip
    waits = say("days_late", late) if late > 0 else ""
    return joined(waits, _what(message, held, units, due, empty, needed, missed, keep))


def _what(message: str, held: float, units: float, due: float, empty: float, needed: float, missed: float,
          keep: float) -> str:  # fmt: skip
    if message in ("expedite", "bring_forward"):
        if missed > 0:
            return say("runs_out_before", np.floor(empty), due, missed)
        return say("below_safety_before", np.floor(needed), due)
    if message == "put_off":
        return say("comes_early", due, np.floor(needed))
    if message == "reduce":
        return say("part_is_enough", keep, units)
    if message == "cancel":
        return say("not_needed", max(held, 0.0))
    return say("nothing_missed_yet")
