"""The published tables of the plan over time."""

from __future__ import annotations

import pandas as pd

from assets.planning.network.network import Network
from assets.planning.policy.plan import TimedPlan
from assets.planning.replay.ragged import row_codes
from assets.planning.schedule.curves import expected_receipts
from assets.planning.schedule.messages import COLUMNS as MESSAGE_COLUMNS
from assets.planning.schedule.messages import order_messages
from assets.planning.schedule.settings import ScheduleSettings
from assets.planning.schedule.walk import ORDER_COLUMNS, SUPPLY_COLUMNS, order_table, supply_table, walked
from assets.planning.shape import shaped

KEYS = ["item_id", "warehouse_id"]


def over_time(
    lines: pd.DataFrame, timed: TimedPlan, network: Network, as_of: pd.Timestamp, settings: ScheduleSettings
) -> dict[str, pd.DataFrame]:
    """`supply_plan` (by week), `planned_orders` (by order) and `order_exceptions` (by open order line).

    lines: int_open_supply_lines.
    """
    keys = timed.table[KEYS]
    plan = walked(timed.scene, settings.horizon_weeks, is_ordering=True)
    weeks = min(settings.published_weeks, settings.horizon_weeks)
    expected = expected_receipts(lines, as_of, settings.overdue_assumed_days)
    messages = order_messages(
        lines, expected, row_codes(keys, lines), timed.standing, timed.curves, as_of, settings
    )  # fmt: skip
    return {
        "supply_plan": shaped(supply_table(keys, plan, timed.scene.safety, as_of, weeks), SUPPLY_COLUMNS),
        "planned_orders": shaped(order_table(keys, plan, network.table, as_of, weeks * 7), ORDER_COLUMNS),
        "order_exceptions": shaped(messages, MESSAGE_COLUMNS),
    }
