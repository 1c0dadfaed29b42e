"""Two plans of one company side by side: what is ordered now, what is bought over the coming weeks, what it ties up and serves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.policy.row_levels import number

KEYS = ["item_id", "warehouse_id"]
SIDES = ("present", "what_if")
#: Figures in the order of the table; those that are shares last.
FIGURES = (
    "order_lines", "order_value", "withheld_value", "transfer_value", "safety_stock_value", "excess_value",
    "planned_purchase_value", "mean_stock_value", "closing_stock_value", "short_item_warehouses", "short_value",
    "cut_by_budget_rows", "invested_value", "fill_rate",
)  # fmt: skip
_OF_ROWS = [
    "reorder_point_units", "order_up_to_units", "safety_stock_units", "suggested_order_units", "withheld_order_units",
    "suggested_transfer_units", "order_by_date", "projected_stockout_date", "excess_units", "stock_status",
]  # fmt: skip
CHANGED = _OF_ROWS[:6]


@dataclass(frozen=True)
class SideBySide:
    """company: figure, present, what_if, change. suppliers: the same figures of purchases by supplier_id. rows: a row per
    item x warehouse whose levels or orders differ, both sides in columns, by the value of the change of its order.
    """

    company: pd.DataFrame
    suppliers: pd.DataFrame
    rows: pd.DataFrame


def side_by_side(spine: pd.DataFrame, present: dict[str, pd.DataFrame], changed: dict[str, pd.DataFrame]) -> SideBySide:
    """Compare the tables of the schema `planning` of two plans with the same spine.

    Values are at latest cost; rows without one count nothing. The weeks are those of `planning.supply_plan`;
    `short_value` is what was still owed at the end of each week, summed over the weeks. `invested_value` and `fill_rate` are
    what the levels promise in the long run (planning.capital_curve, `present_plan`).
    """
    cost = np.nan_to_num(number(spine, "unit_cost_latest"))
    keys = spine[KEYS].reset_index(drop=True)
    sides = dict(zip(SIDES, (present, changed), strict=True))
    company = pd.DataFrame({"figure": FIGURES})
    for side, tables in sides.items():
        found = _company(keys, cost, tables)
        company[side] = [found[name] for name in FIGURES]
    company["change"] = company["what_if"] - company["present"]
    return SideBySide(company, _suppliers(keys, cost, sides), _rows(keys, cost, sides))


def _company(keys: pd.DataFrame, cost: np.ndarray, tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    plan = tables["replenishment"]
    # the levels of a feeding warehouse are of all that it feeds: what is fed is in them already
    is_bought = (plan["source_kind"] != "transfer").to_numpy()
    value = {name: float((plan[f"{name}_units"].to_numpy(float) * cost).sum()) for name in (
        "suggested_order", "withheld_order", "suggested_transfer", "excess")}  # fmt: skip
    weeks = tables["supply_plan"]
    weekly_cost = _cost_of(weeks, keys, cost)
    closing = weeks["closing_units"].to_numpy(float) * weekly_cost
    short = weeks["short_units"].to_numpy(float)
    count = max(weeks["week_start_date"].nunique(), 1)
    bought = tables["planned_orders"]
    bought = bought[bought["source_kind"] != "transfer"]
    curve = tables["capital_curve"]
    now = curve[curve["curve"] == "present_plan"]
    return {
        "order_lines": float((plan["suggested_order_units"] > 0).sum()),
        "order_value": value["suggested_order"],
        "withheld_value": value["withheld_order"],
        "transfer_value": value["suggested_transfer"],
        "safety_stock_value": float((plan["safety_stock_units"].to_numpy(float) * cost)[is_bought].sum()),
        "excess_value": value["excess"],
        "planned_purchase_value": float((bought["planned_units"].to_numpy(float) * _cost_of(bought, keys, cost)).sum()),
        "mean_stock_value": float(closing.sum()) / count,
        "closing_stock_value": float(
            closing[(weeks["week_start_date"] == weeks["week_start_date"].max()).to_numpy()].sum()
        ),
        "short_item_warehouses": float(len(weeks.loc[short > 1e-9, KEYS].drop_duplicates())),
        "short_value": float((short * weekly_cost).sum()),
        "cut_by_budget_rows": float(plan["flags"].str.split(";").map(lambda flags: "cut_by_budget" in flags).sum()),
        "invested_value": float(now["invested_value"].iloc[0]) if len(now) else float("nan"),
        "fill_rate": float(now["fill_rate"].iloc[0]) if len(now) else float("nan"),
    }


def _suppliers(keys: pd.DataFrame, cost: np.ndarray, sides: dict[str, dict[str, pd.DataFrame]]) -> pd.DataFrame:
    parts = []
    for side, tables in sides.items():
        plan, source = tables["replenishment"], tables["supply_network"]
        now = pd.DataFrame(
            {
                "supplier_id": source["supplier_id"].to_numpy(object),
                f"{side}_order_value": plan["suggested_order_units"].to_numpy(float) * cost,
            }
        ).dropna(subset="supplier_id")
        bought = tables["planned_orders"]
        bought = bought[bought["source_kind"] != "transfer"]
        ahead = bought[["supplier_id"]].assign(
            value=bought["planned_units"].to_numpy(float) * _cost_of(bought, keys, cost)
        )
        sums = now.groupby("supplier_id").sum()
        sums[f"{side}_planned_purchase_value"] = ahead.groupby("supplier_id")["value"].sum()
        parts.append(sums)
    table = pd.concat(parts, axis=1).fillna(0.0).sort_index()
    return table.rename_axis("supplier_id").reset_index()


def _rows(keys: pd.DataFrame, cost: np.ndarray, sides: dict[str, dict[str, pd.DataFrame]]) -> pd.DataFrame:
    one, two = (sides[side]["replenishment"] for side in SIDES)
    differs = np.zeros(len(keys), bool)
    for name in CHANGED:
        differs |= np.abs(one[name].to_numpy(float) - two[name].to_numpy(float)) > 1e-9
    result = keys.copy()
    for name in _OF_ROWS:
        result[f"present_{name}"], result[f"what_if_{name}"] = one[name].to_numpy(), two[name].to_numpy()
    more = two["suggested_order_units"].to_numpy(float) - one["suggested_order_units"].to_numpy(float)
    result["order_change_value"] = more * cost
    result = result[differs]
    order = np.lexsort((result["warehouse_id"], result["item_id"], -result["order_change_value"].abs().to_numpy(float)))
    return result.iloc[order].reset_index(drop=True)


def _cost_of(rows: pd.DataFrame, keys: pd.DataFrame, cost: np.ndarray) -> np.ndarray:
    at = pd.MultiIndex.from_frame(keys).get_indexer(pd.MultiIndex.from_frame(rows[KEYS]))
    return np.where(at >= 0, cost[at], 0.0) if len(rows) else np.zeros(0)
