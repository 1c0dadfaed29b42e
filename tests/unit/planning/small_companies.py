"""Random companies of one to five items, of every demand shape, as the tables that planning reads from a warehouse."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from assets.documents import shipped_document
from assets.planning import reading
from assets.planning.demand.history import build_demand_history
from assets.planning.forecasting.vintage_store import VintageStore
from assets.planning.pipeline import plan_everything
from assets.planning.settings import PlanningSettings

AS_OF = dt.date(2026, 1, 11)
KEYS = ["item_id", "warehouse_id"]
SHAPES = (
    "constant", "every_seven_days", "poisson", "lumpy", "zero", "one_sale", "new", "dying", "seasonal", "trend",
    "huge", "fractional", "shift", "one_day", "never_moved",
)  # fmt: skip

_DAILY = {"item_id": "str", "warehouse_id": "str", "business_date": "datetime64[ns]", "demand_units": "float64",
          "shipped_units": "float64", "returned_units": "float64", "order_lines": "int64", "demand_source": "str",
          "is_promotion": "bool"}  # fmt: skip
_RECEIPTS = {"item_id": "str", "warehouse_id": "str", "supplier_id": "str", "po_no": "str", "po_line_id": "str",
             "order_date": "datetime64[ns]", "due_date": "datetime64[ns]", "receipt_date": "datetime64[ns]",
             "received_units": "float64", "lead_time_days": "float64"}  # fmt: skip
_SUPPLY = {
    "item_id": "str", "warehouse_id": "str", "source": "str", "order_no": "str", "order_line_id": "str",
    "supplier_id": "str", "from_warehouse_id": "str", "order_date": "datetime64[ns]", "promised_date": "datetime64[ns]",
    "confirmed_date": "datetime64[ns]", "due_date": "datetime64[ns]", "open_units": "float64", "unit_price": "float64",
    "is_overdue": "bool", "overdue_days": "int64",
}  # fmt: skip
_OPEN = {"item_id": "str", "warehouse_id": "str", "reserved_units": "float64", "backorder_units": "float64"}
_LINES = {"source_instance": "str", "so_no": "str", "so_line_id": "str", "item_id": "str", "warehouse_id": "str",
          "order_date": "datetime64[ns]", "open_units": "float64", "requested_date": "datetime64[ns]"}  # fmt: skip
_BALANCES = {"item_id": "str", "warehouse_id": "str", "valid_from_date": "datetime64[ns]",
             "valid_to_date": "datetime64[ns]", "available_units": "float64", "on_hand_units": "float64"}  # fmt: skip
_PROMOTIONS = {"item_id": "str", "warehouse_id": "str", "start_date": "datetime64[ns]", "end_date": "datetime64[ns]",
               "uplift_expected_rate": "float64"}  # fmt: skip
_MOVEMENTS = {"movement_key": "str", "item_id": "str", "warehouse_id": "str", "business_date": "datetime64[ns]",
              "quantity_units": "float64", "is_demand": "bool", "movement_type": "str", "unit_cost": "float64",
              "ref_doc_no": "str", "lot_expiry_date": "datetime64[ns]"}  # fmt: skip
#: Tables that these companies leave empty: nothing moves between warehouses, and no shipment is billed.
_EMPTY = {
    "intermediate.int_open_supply": {
        "item_id": "str", "warehouse_id": "str", "source": "str", "due_date": "datetime64[ns]", "on_order_units": "float64",
    },
    "intermediate.int_supply_flows": {
        "item_id": "str", "warehouse_id": "str", "source_kind": "str", "source_id": "str", "receipt_days": "int64",
        "received_units": "float64", "lead_time_days_mean": "float64", "lead_time_days_sd": "float64",
        "first_receipt_date": "datetime64[ns]", "last_receipt_date": "datetime64[ns]",
    },
    "intermediate.int_supply_lanes": {
        "from_warehouse_id": "str", "warehouse_id": "str", "moves": "int64", "move_days": "int64",
        "lead_time_days_mean": "float64", "lead_time_days_sd": "float64", "interval_days": "float64",
    },
    "intermediate.int_supply_sources": {
        "item_id": "str", "warehouse_id": "str", "source_kind": "str", "supplier_id": "str", "from_warehouse_id": "str",
        "lead_time_days": "float64", "review_period_days": "float64", "source_basis": "str",
    },
    "intermediate.int_item_successors": {
        "predecessor_item_id": "str", "successor_item_id": "str", "share_rate": "float64",
        "valid_from_date": "datetime64[ns]",
    },
    "intermediate.int_supplier_closures": {
        "supplier_id": "str", "from_date": "datetime64[ns]", "to_date": "datetime64[ns]",
    },
    "intermediate.int_stock_lots": {
        "item_id": "str", "warehouse_id": "str", "lot_no": "str", "stock_status": "str", "owner_type": "str",
        "owner_code": "str", "expiry_date": "datetime64[ns]", "on_hand_units": "float64", "unavailable_reason": "str",
    },
    "control.kpi_targets": {"kpi": "str", "scope": "str", "target_rate": "float64"},
    "staging.stg_sales_shipment_lines": {
        "item_id": "str", "warehouse_id": "str", "shipment_date": "datetime64[ns]", "shipped_units": "float64",
        "revenue_value": "float64", "doc_status": "str",
    },
}  # fmt: skip

STAGING = Path(__file__).parents[3] / "dbt_project" / "models" / "staging"
#: Contracts that these companies do not deliver: their staging tables are there, without rows.
_NOT_DELIVERED = (
    "stg_bills_of_materials", "stg_demand_regressors", "stg_forecast_overrides", "stg_items", "stg_price_breaks",
    "stg_production_orders", "stg_storage_limits", "stg_supplier_plans", "stg_supplier_terms", "stg_suppliers",
)  # fmt: skip


def _kind(column: str) -> str:
    """The type of a staging column, by what its name says."""
    if column.endswith("_date"):
        return "datetime64[ns]"
    if column.startswith(("is_", "has_")):
        return "bool"
    return "float64" if re.search("_(units|price|value|rate|days|m3|kg|row|cost)$", column) else "str"


@cache
def not_delivered() -> dict[str, dict[str, str]]:
    """`staging.<table>` -> column -> type of the contracts without an extract."""
    models = {model["name"]: model["columns"] for model in shipped_document(STAGING / "_contracts.yml")["models"]}
    return {
        f"staging.{table}": {column["name"]: _kind(column["name"]) for column in models[table]}
        for table in _NOT_DELIVERED
    }


def typed(rows: list[dict[str, object]] | pd.DataFrame, types: dict[str, str]) -> pd.DataFrame:
    """A frame with those columns and types, also without rows."""
    frame = pd.DataFrame(rows, columns=list(types))
    return frame.astype({name: "string" if kind == "str" else kind for name, kind in types.items()})


def demand_of_shape(shape: str, days: int, rng: np.random.Generator) -> np.ndarray:
    """Units asked for on each of `days` days."""
    day = np.arange(days)
    level = float(rng.uniform(0.2, 12))
    if shape in ("zero", "never_moved"):
        return np.zeros(days)
    if shape == "constant":
        return np.full(days, np.ceil(level))
    if shape == "every_seven_days":
        return np.where(day % 7 == int(rng.integers(7)), 5.0, 0.0)
    if shape == "lumpy":
        return np.where(rng.random(days) < 0.03, rng.integers(1, 200, days), 0).astype(float)
    if shape == "one_sale":
        return np.where(day == int(rng.integers(days)), 3.0, 0.0)
    if shape == "one_day":
        return np.where(day == days - 1, 1.0, 0.0)
    if shape == "new":
        return np.where(day >= days - 20, rng.poisson(level, days), 0).astype(float)
    if shape == "dying":
        return np.where(day < days // 2, rng.poisson(level, days), 0).astype(float)
    if shape == "seasonal":
        return rng.poisson(level * (1 + 0.9 * np.sin(2 * np.pi * day / 365.25))).astype(float)
    if shape == "trend":
        return rng.poisson(level * day / days).astype(float)
    if shape == "huge":
        return rng.poisson(level, days) * 1e9
    if shape == "fractional":
        return np.round(rng.gamma(0.5, level, days), 3)
    if shape == "shift":
        return rng.poisson(np.where(day < 0.8 * days, level, 10 * level)).astype(float)
    return rng.poisson(level, days).astype(float)


@dataclass(frozen=True)
class Company:
    """The tables of the schemas `intermediate` and `ledger`, by name."""

    tables: dict[str, pd.DataFrame]


def random_company(seed: int) -> Company:
    """One to five items in one or two warehouses; costs, suppliers, stock and open orders come or stay away."""
    rng = np.random.default_rng(seed)
    shapes = list(rng.choice(SHAPES, int(rng.integers(1, 6))))
    days = int(rng.choice([3, 20, 60, 120, 200, 400, 540, 900]))
    houses = int(rng.integers(1, 3))
    series = [(shape, f"c/i{i}", f"c/w{int(rng.integers(houses))}") for i, shape in enumerate(shapes)]
    return company_of(series, days, rng)


def company_of(series: list[tuple[str, str, str]], days: int, rng: np.random.Generator) -> Company:
    """A company of (shape, item, warehouse) with `days` of history up to `AS_OF`."""
    has_cost, has_supplier, has_orders, has_balances, has_promotions = rng.random(5) < [0.7, 0.7, 0.5, 0.8, 0.3]
    dates = pd.date_range(end=pd.Timestamp(AS_OF), periods=days, freq="D")
    spine, daily, balances, receipts, supply, waiting, movements, lines, promotions = ([] for _ in range(9))
    for shape, item, house in series:
        key = {"item_id": item, "warehouse_id": house}
        units = demand_of_shape(shape, days, rng)
        moved = shape != "never_moved"
        sold = np.flatnonzero(units)
        spine.append(
            {
                **key, "first_movement_date": dates[0] if moved else pd.NaT,
                "last_movement_date": dates[-1] if moved else pd.NaT,
                "last_demand_date": dates[sold[-1]] if len(sold) else pd.NaT, "item_code": item[2:],
                "warehouse_code": house[2:], "category_name": str(rng.choice(["x", "y"])), "base_uom": "EA",
                "unit_cost_latest": float(rng.choice([0.0, 3.5, 1200.0])) if has_cost else np.nan,
                "unit_price": 9.0 if has_cost else np.nan, "default_supplier_id": "c/s" if has_supplier else None,
                "moq_units": float(rng.choice([np.nan, 10.0])), "order_multiple_units": float(rng.choice([np.nan, 12])),
                "lead_time_days_master": float(rng.choice([np.nan, 0.0, 30.0])), "shelf_life_days": np.nan,
                "is_stocked": True, "is_active": True, "owner_name": str(rng.choice(["", "li"])),
            }
        )  # fmt: skip
        for k in sold:
            daily.append(
                {
                    **key, "business_date": dates[k], "demand_units": units[k], "shipped_units": units[k],
                    "returned_units": 0.0, "order_lines": int(has_orders),
                    "demand_source": "orders" if has_orders else "movements",
                    "is_promotion": bool(has_promotions and k % 50 < 5),
                }
            )  # fmt: skip
            movements.append(
                {"movement_key": f"{item}|{house}|{k}", **key, "business_date": dates[k], "quantity_units": -units[k],
                 "is_demand": True, "movement_type": "sales_issue"}
            )  # fmt: skip
            if has_orders and k % 3 == 0:
                lines.append({"source_instance": "s", "so_no": f"o{k}", **key, "order_date": dates[k],
                              "open_units": 0.0, "requested_date": dates[k]})  # fmt: skip
        if has_promotions:
            for k in (*range(0, days, 50), days + 10):
                first = dates[0] + pd.Timedelta(days=k)
                promotions.append(
                    {"item_id": item, "warehouse_id": None, "start_date": first, "end_date": first + pd.Timedelta(days=4),
                     "uplift_expected_rate": float(rng.choice([np.nan, 0.5, 2.0]))}
                )  # fmt: skip
        if moved and has_balances:
            cut = int(rng.integers(1, days))
            low, high = sorted(rng.choice([0.0, 0.0, 5.0, 400.0], 2))
            spans = [(0, cut - 1, high), (cut, days - 1, low)]
            for first, last, held in spans:
                balances.append(
                    {**key, "valid_from_date": dates[first], "valid_to_date": dates[last], "available_units": held,
                     "on_hand_units": held}
                )  # fmt: skip
        if has_supplier and rng.random() < 0.5:
            for k in range(int(rng.integers(1, 4))):
                ordered = dates[-1] - pd.Timedelta(days=30 * (k + 1))
                lead = float(rng.integers(0, 40))
                receipts.append(
                    {**key, "supplier_id": "c/s", "po_no": f"p{k}", "po_line_id": "1", "order_date": ordered,
                     "due_date": ordered, "receipt_date": ordered + pd.Timedelta(days=lead), "received_units": 10.0,
                     "lead_time_days": lead}
                )  # fmt: skip
            due = dates[-1] + pd.Timedelta(days=int(rng.integers(-9, 30)))
            supply.append(
                {**key, "source": "purchase_order", "order_no": "p9", "order_line_id": "1", "supplier_id": "c/s",
                 "order_date": dates[0], "promised_date": due, "due_date": due, "open_units": 40.0,
                 "is_overdue": bool(due < dates[-1]), "overdue_days": max((dates[-1] - due).days, 0)}
            )  # fmt: skip
        if has_orders and rng.random() < 0.5:
            waiting.append({**key, "reserved_units": 3.0, "backorder_units": 1.0})
    moves = typed(movements, _MOVEMENTS)
    costs = moves[["movement_key"]].assign(cogs_value=-moves["quantity_units"] * (2.0 if has_cost else np.nan))
    costs["cost_value"] = -costs["cogs_value"]
    return Company(
        {
            **{name: typed([], types) for name, types in {**not_delivered(), **_EMPTY}.items()},
            "intermediate.int_item_warehouses": pd.DataFrame(spine).astype({"default_supplier_id": "string"}),
            "intermediate.int_demand_daily": typed(daily, _DAILY),
            "intermediate.int_item_warehouse_balances": typed(balances, _BALANCES),
            "intermediate.int_supplier_lead_times": typed(receipts, _RECEIPTS),
            "intermediate.int_open_supply_lines": typed(supply, _SUPPLY),
            "intermediate.int_open_demand": typed(waiting, _OPEN),
            "intermediate.int_promotions": typed(promotions, _PROMOTIONS),
            "intermediate.int_order_lines": typed(lines, _LINES),
            "intermediate.int_stock_movements": moves,
            "ledger.movement_costs": costs,
            "ledger.value_entries": moves[["item_id", "warehouse_id", "business_date"]].assign(
                entry_kind="cogs",
                entry_value=costs["cost_value"],
                uncosted_units=moves["quantity_units"].abs().where(costs["cost_value"].isna(), 0.0),
            ),
        }
    )


def write_company(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """The tables of a company in an empty warehouse."""
    for schema in ("staging", "intermediate", "ledger", "planning", "control"):
        connection.execute(f"create schema if not exists {schema}")
    for name, frame in company.tables.items():
        connection.register("frame", frame)
        connection.execute(f"create or replace table {name} as select * from frame")
        connection.unregister("frame")


def plan_company(
    company: Company, folder: Path, settings: PlanningSettings | None = None, as_of: dt.date = AS_OF
) -> dict[str, pd.DataFrame]:
    """All tables of planning, the demand history included, as the run of the day makes them."""
    chosen = settings or PlanningSettings()
    with duckdb.connect() as connection:
        write_company(connection, company)
        history = build_demand_history(
            reading.read_demand(connection),
            reading.read_balances(connection),
            reading.read_spine(connection),
            as_of=as_of,
            settings=chosen.demand,
        )
        connection.register("history", history)
        connection.execute("create table planning.demand_history as select * from history")
        return {"demand_history": history, **plan_everything(connection, as_of, chosen, VintageStore(folder, as_of))}
