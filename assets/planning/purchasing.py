"""From the plan to draft orders, the storage forecast and suppliers' plans: reads what they need and calls each part once."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd

from assets.planning import reading_terms as reading
from assets.planning.orders.drafts import CASH_COLUMNS, DRAFT_COLUMNS, LINE_COLUMNS, DraftInputs, draft_orders
from assets.planning.orders.plans import COLUMNS as PLAN_COLUMNS
from assets.planning.orders.plans import checked_plans
from assets.planning.orders.quantity import bounded_orders
from assets.planning.orders.storage import COLUMNS as STORAGE_COLUMNS
from assets.planning.orders.storage import storage_forecast
from assets.planning.planned import Planned
from assets.planning.policy.settings import PolicySettings
from assets.planning.reading import read_balances_now
from assets.planning.settings import PlanningSettings
from assets.planning.shape import shaped

KEYS = ["item_id", "warehouse_id"]


def suppliers_of(planned: Planned) -> pd.Series:
    """Supplier of each row; null where it is fed by another warehouse or made."""
    table = planned.network.table if planned.network is not None else planned.demand.table
    return table["supplier_id"].reset_index(drop=True)


def within_limits(planned: Planned, bought: pd.DataFrame, policies: PolicySettings) -> pd.DataFrame:
    """The plan after transfers with orders within their cover limits, and none for what a supplier keeps stocked."""
    supplier = suppliers_of(planned)
    fed = supplier.isin([feed.supplier_id for feed in policies.supplier_feeds]).to_numpy(bool)
    pace = planned.replenishment["day_units"].to_numpy(float)
    return bounded_orders(
        bought.reset_index(drop=True), planned.spine.reset_index(drop=True), planned.assigned.reset_index(drop=True),
        pace, fed, is_whole_units=policies.is_whole_units,
    )  # fmt: skip


def order_tables(
    connection: duckdb.DuckDBPyConnection, planned: Planned, replenishment: pd.DataFrame, feed: pd.DataFrame, as_of: date,
    settings: PlanningSettings,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """The tables order_drafts, order_draft_lines, order_cash, storage_forecast and supplier_plan_checks."""
    today = pd.Timestamp(as_of)
    pace = planned.replenishment["day_units"].to_numpy(float)
    rows = planned.replenishment[KEYS].assign(day_units=pace)
    items = reading.read_item_sizes(connection)
    drafts = draft_orders(
        DraftInputs(
            replenishment, planned.spine, suppliers_of(planned), pace,
            reading.read_price_breaks(connection, as_of), reading.read_terms(connection), items,
        ),
        as_of=as_of, settings=settings.orders, holding_rate=settings.policy.holding_rate,
        is_whole_units=settings.policy.is_whole_units,
    )  # fmt: skip
    plans = checked_plans(reading.read_supplier_plans(connection), feed, rows, today)
    coming = [
        reading.read_arrivals(connection),
        drafts.lines.rename(columns={"expected_arrival_date": "due_date", "order_units": "units"}),
    ]
    arrivals = pd.concat(
        [part[[*KEYS, "due_date", "units"]] for part in coming if len(part)] or coming[:1], ignore_index=True
    )
    stock = rows.assign(on_hand_units=_book(connection, rows, as_of))
    limits = reading.read_storage_limits(connection)
    storage = storage_forecast(
        stock, arrivals, limits[limits["item_id"].isna()], items, today, settings.orders.storage_horizon_days
    )
    return {
        "order_drafts": shaped(drafts.orders, DRAFT_COLUMNS),
        "order_draft_lines": shaped(drafts.lines, LINE_COLUMNS),
        "order_cash": shaped(drafts.cash, CASH_COLUMNS),
        "storage_forecast": shaped(storage, STORAGE_COLUMNS),
        "supplier_plan_checks": shaped(plans, PLAN_COLUMNS),
    }


def _book(connection: duckdb.DuckDBPyConnection, rows: pd.DataFrame, as_of: date) -> np.ndarray:
    """All that lies there takes room, sellable or not."""
    stock = read_balances_now(connection, as_of).set_index(KEYS)["on_hand_units"]
    return stock.reindex(pd.MultiIndex.from_frame(rows[KEYS])).fillna(0.0).to_numpy(float)
