"""Made goods and kits in the daily plan: reads bills, orders and stock, explodes them, and says what is missing and promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

from assets.planning import reading_made_goods as reading
from assets.planning.bom.explode import COLUMNS as DEPENDENT_COLUMNS
from assets.planning.bom.explode import explode
from assets.planning.bom.kits import (
    ORDER_COLUMNS,
    PART_COLUMNS,
    completeness_by_date,
    kit_completeness,
    parts_of_orders,
)
from assets.planning.bom.promise import COLUMNS as PROMISE_COLUMNS
from assets.planning.bom.promise import available_to_promise, capable_to_promise
from assets.planning.bom.requirements import COLUMNS as REQUIREMENT_COLUMNS
from assets.planning.bom.requirements import beyond_forecast, issue_places
from assets.planning.bom.structure import default_versions, lines_in_effect, without_phantoms
from assets.planning.reading import read_balances_now
from assets.planning.shape import not_before, shaped

KIT_FORECAST_COLUMNS = ["kit_date", "due_orders", "complete_orders", "kit_rate", "due_units", "complete_units"]
NEED_COLUMNS = ["item_id", "need_date", "units"]
KIT_WEEKS = 13


@dataclass(frozen=True)
class MadeGoods:
    """requirements: what `PlanInputs` takes (item_id, warehouse_id, need_date, units). tables: of the schema `planning`."""

    requirements: pd.DataFrame
    tables: dict[str, pd.DataFrame]


def made_goods(
    connection: duckdb.DuckDBPyConnection, spine: pd.DataFrame, forecasts: pd.DataFrame, as_of: date, period_days: float
) -> MadeGoods:
    """Dependent demand, kit completeness and promises; empty tables where no bills came.

    Raises:
        BomLoopError: an item goes into itself.
    """
    today = pd.Timestamp(as_of)
    bills = reading.read_bills(connection)
    lines = without_phantoms(lines_in_effect(bills, as_of))
    default = default_versions(lines, bills)
    versions = pd.MultiIndex.from_frame(default[["item_id", "bom_version"]])
    lines = lines.assign(is_default=pd.MultiIndex.from_frame(lines[["item_id", "bom_version"]]).isin(versions))
    main = default[default["is_main"]]
    made = set(main["item_id"])
    making = reading.read_production_orders(connection, as_of)
    orders = pd.concat([making, _sold_as_kits(connection, spine, made)], ignore_index=True)
    stock = read_balances_now(connection, as_of)
    on_hand = stock.groupby("item_id")["available_units"].sum()
    receipts = pd.concat([reading.read_receipts(connection), _finished(making, today)], ignore_index=True)
    parts = parts_of_orders(orders, lines, reading.read_issued(connection), on_hand, receipts, today)
    firm = _firm(parts, today)
    lead_days = _lead_days(making, spine)
    needs = pd.concat([_sales_needs(connection, forecasts, made, today), firm[NEED_COLUMNS]], ignore_index=True)
    planned = explode(main, needs, on_hand, receipts, lead_days, today)
    dependent = pd.concat([planned, firm.rename(columns={"units": "dependent_units"})], ignore_index=True)
    dependent = dependent.groupby(["item_id", "need_date", "parent_item_id"], sort=True, as_index=False).agg(
        dependent_units=("dependent_units", "sum"), level_no=("level_no", "max")
    )
    places = issue_places(default, spine, reading.read_issues(connection, as_of), stock)
    added = beyond_forecast(dependent, places, forecasts, today, period_days)
    cost = spine.drop_duplicates("item_id").set_index("item_id")["unit_cost_latest"].astype(float)
    kits = kit_completeness(orders, parts, cost)
    by_date = completeness_by_date(kits, pd.date_range(today, periods=KIT_WEEKS + 1, freq="7D"))
    committed = pd.concat([reading.read_promised(connection), firm[NEED_COLUMNS]], ignore_index=True)
    promise = available_to_promise(on_hand, receipts, committed, today)
    promise = capable_to_promise(promise, main, lead_days, today)
    requirements = added[added["added_units"] > 0][["item_id", "warehouse_id", "need_date", "added_units"]]
    return MadeGoods(
        requirements.rename(columns={"added_units": "units"}).reset_index(drop=True),
        {
            "dependent_demand": shaped(dependent, DEPENDENT_COLUMNS),
            "component_requirements": shaped(added, REQUIREMENT_COLUMNS),
            "kit_completeness": shaped(kits, ORDER_COLUMNS),
            "kit_parts": shaped(parts, PART_COLUMNS),
            "kit_forecast": shaped(by_date if len(kits) else by_date.iloc[:0], KIT_FORECAST_COLUMNS),
            "promise": shaped(promise, PROMISE_COLUMNS),
        },
    )


def _sold_as_kits(connection: duckdb.DuckDBPyConnection, spine: pd.DataFrame, made: set[str]) -> pd.DataFrame:
    """Open sales lines of made items that are never in stock themselves: their parts are put together for the customer."""
    moved = spine.loc[pd.to_datetime(spine["first_movement_date"]).notna(), "item_id"]
    kits = sorted(made - set(moved))
    return reading.read_open_sales_of(connection, kits)


def _finished(making: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    """What open production orders will bring, on their due dates."""
    due = not_before(making["due_date"], today).fillna(today)
    return pd.DataFrame({"item_id": making["item_id"], "due_date": due, "units": making["open_units"].astype(float)})


def _firm(parts: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    """Parts that open orders still want: item_id, need_date, units, parent_item_id, level_no 1."""
    rows = pd.DataFrame(
        {
            "item_id": parts["component_item_id"], "need_date": not_before(parts["need_date"], today),
            "units": parts["wanted_units"].astype(float), "parent_item_id": parts["item_id"], "level_no": 1,
        }
    )  # fmt: skip
    return rows[rows["units"] > 0].reset_index(drop=True)


def _lead_days(making: pd.DataFrame, spine: pd.DataFrame) -> pd.Series:
    """Days to make an item: the median of its orders, else what its master data say."""
    days = (pd.to_datetime(making["due_date"]) - pd.to_datetime(making["start_date"])).dt.days.clip(lower=0)
    own = days.groupby(making["item_id"]).median().astype(float)
    master = spine.drop_duplicates("item_id").set_index("item_id")["lead_time_days_master"].astype(float)
    return own.combine_first(master).dropna()


def _sales_needs(
    connection: duckdb.DuckDBPyConnection, forecasts: pd.DataFrame, made: set[str], today: pd.Timestamp
) -> pd.DataFrame:
    """Forecast demand for made items, and what customers have been waiting for."""
    rows = forecasts[forecasts["item_id"].isin(made)]
    ahead = pd.DataFrame(
        {
            "item_id": rows["item_id"],
            "need_date": pd.to_datetime(rows["period_start_date"]),
            "units": rows["mean_units"],
        }
    )
    promised = reading.read_promised(connection)
    late = promised[promised["item_id"].isin(made) & (pd.to_datetime(promised["need_date"]) <= today)]
    return pd.concat([ahead, late[NEED_COLUMNS]], ignore_index=True)
