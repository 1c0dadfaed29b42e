"""What follows from the plan, in order: moves before purchases, ways out for what will not sell, and the replay's verdict.

Reads what it needs from the warehouse and calls each part once; the parts themselves are pure.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from assets.planning import reading
from assets.planning.classification.cells import CELL_COLUMNS, REVIEW_COLUMNS, cell_summary, disagreements
from assets.planning.letting_go import disposal_tables
from assets.planning.planned import Planned
from assets.planning.policy.binding import allowed_capital, withheld
from assets.planning.policy.capital_curve import COLUMNS as CURVE_COLUMNS
from assets.planning.policy.capital_curve import capital_curve
from assets.planning.policy.feed import COLUMNS as FEED_COLUMNS
from assets.planning.policy.feed import supplier_feed
from assets.planning.policy.row_levels import number
from assets.planning.policy.settings import PolicySettings
from assets.planning.purchasing import order_tables, suppliers_of, within_limits
from assets.planning.replay.verdict import COLUMNS as REPLAY_COLUMNS
from assets.planning.replay.verdict import not_replayed, with_verdict
from assets.planning.sentences import say
from assets.planning.settings import PlanningSettings
from assets.planning.shape import shaped
from assets.planning.transfers.suggest import COLUMNS as TRANSFER_COLUMNS
from assets.planning.transfers.suggest import buy_after_transfers, suggest_transfers

KEYS = ["item_id", "warehouse_id"]


def decide(
    connection: duckdb.DuckDBPyConnection, planned: Planned, as_of: date, settings: PlanningSettings
) -> dict[str, pd.DataFrame]:
    """The tables of the schema `planning` from `replenishment` (net of transfers, with its verdict) to the curves."""
    policies, spine = settings.policy, planned.spine
    transfers = suggest_transfers(
        planned.replenishment, spine, as_of=as_of, settings=settings.transfers, policies=policies
    )
    bought = buy_after_transfers(planned.replenishment, transfers, spine, policies)
    feed = shaped(_feeds(planned, bought, as_of, policies), FEED_COLUMNS)
    # what comes from a place that has too much does not have to come from the feeding warehouse
    asked = bought["suggested_transfer_units"] - bought["transfer_in_units"]
    bought["suggested_transfer_units"] = asked.clip(lower=0)
    result = planned.replay
    verdicts = result.table if result else not_replayed(planned.assigned, say("window_too_short"))
    curve = capital_curve(
        spine, planned.demand, planned.replenishment, result.curve if result else None,
        budget_value=allowed_capital(policies, planned.demand, spine, reading.read_turnover_target(connection)),
    )  # fmt: skip
    judged = with_verdict(bought, verdicts).assign(budget_reorder_point_units=curve.budget_level)
    is_bound = curve.is_bound and policies.is_budget_binding
    replenishment = within_limits(
        planned, withheld(judged, curve.budget_level if is_bound else None, spine, policies), policies
    )
    value = spine[KEYS].assign(
        on_hand_value=planned.replenishment["on_hand_units"].to_numpy(float) * number(spine, "unit_cost_latest")
    )
    return {
        "replenishment": replenishment,
        "transfers": shaped(transfers, TRANSFER_COLUMNS),
        **disposal_tables(connection, planned, replenishment, as_of, settings),
        "policy_replay": shaped(verdicts, REPLAY_COLUMNS),
        "class_cells": shaped(cell_summary(planned.classes, replenishment, value), CELL_COLUMNS),
        "class_review": shaped(disagreements(planned.classes, replenishment, value), REVIEW_COLUMNS),
        "supplier_feed": feed,
        **order_tables(connection, planned, replenishment, feed, as_of, settings),
        "capital_curve": shaped(curve.table, CURVE_COLUMNS),
    }


def _feeds(planned: Planned, replenishment: pd.DataFrame, as_of: date, policies: PolicySettings) -> pd.DataFrame:
    pace = planned.replenishment["day_units"].to_numpy(float)
    suppliers = planned.spine[KEYS].assign(supplier_id=suppliers_of(planned).to_numpy(object))
    feeds = [supplier_feed(feed, replenishment, suppliers, pace, as_of) for feed in policies.supplier_feeds]
    return pd.concat(feeds, ignore_index=True) if feeds else pd.DataFrame(columns=FEED_COLUMNS)
