"""The nine cells at a glance: how many, worth what, run how; and the items whose class and stock disagree."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.shape import company_of

KEYS = ["item_id", "warehouse_id"]
CELL_COLUMNS = [
    "abc_xyz_cell", "item_warehouses", "annual_consumption_value", "consumption_share_rate", "on_hand_value",
    "stock_share_rate", "unvalued_item_warehouses", "policies",
]  # fmt: skip
REVIEW_COLUMNS = [
    *KEYS, "abc_xyz_cell", "disagreement", "on_hand_units", "on_hand_value", "annual_consumption_value", "advice",
]  # fmt: skip


def cell_summary(classes: pd.DataFrame, replenishment: pd.DataFrame, stock_value: pd.DataFrame) -> pd.DataFrame:
    """One row per ABC-XYZ cell, all nine, in order.

    Args:
        classes: planning.item_classes. replenishment: policy of each row. stock_value: item_id, warehouse_id,
            on_hand_value (null where not valued).

    Returns:
        abc_xyz_cell, item_warehouses, annual_consumption_value, consumption_share_rate, on_hand_value,
        stock_share_rate, unvalued_item_warehouses, policies (what runs them, most frequent first).
    """
    rows = classes.merge(replenishment[[*KEYS, "policy"]], on=KEYS, how="left")
    rows = rows.merge(stock_value[[*KEYS, "on_hand_value"]], on=KEYS, how="left")
    cells = [abc + xyz for abc in "ABC" for xyz in "XYZ"]
    grouped = rows.groupby("abc_xyz_cell")
    result = pd.DataFrame({"abc_xyz_cell": cells}).set_index("abc_xyz_cell")
    result["item_warehouses"] = grouped.size().reindex(cells, fill_value=0)
    result["annual_consumption_value"] = grouped["annual_consumption_value"].sum().reindex(cells, fill_value=0.0)
    result["on_hand_value"] = grouped["on_hand_value"].sum(min_count=1).reindex(cells)
    result["unvalued_item_warehouses"] = (
        rows["on_hand_value"].isna().groupby(rows["abc_xyz_cell"]).sum().reindex(cells, fill_value=0).astype(int)
    )
    for share, of in (("consumption_share_rate", "annual_consumption_value"), ("stock_share_rate", "on_hand_value")):
        total = float(result[of].sum())
        result[share] = result[of] / total if total > 0 else np.nan
    counts = rows.groupby(["abc_xyz_cell", "policy"]).size().sort_values(ascending=False, kind="stable").reset_index()
    result["policies"] = counts.groupby("abc_xyz_cell")["policy"].agg(", ".join).reindex(cells).fillna("")
    return result.reset_index()[CELL_COLUMNS]


def disagreements(classes: pd.DataFrame, replenishment: pd.DataFrame, stock_value: pd.DataFrame) -> pd.DataFrame:
    """Items whose stock contradicts their class, worst first.

    `a_without_stock`: A, sells, nothing on hand. `a_short`: A below its safety stock. `c_rich`: C whose stock is worth
    more than the median A's of its company. `cz_stocked`: CZ, not to be stocked, but is. `stock_without_demand`: on hand, no
    consumption in the year.

    Returns:
        item_id, warehouse_id, abc_xyz_cell, disagreement, on_hand_units, on_hand_value, annual_consumption_value,
        advice; one row per disagreement.
    """
    rows = classes.merge(
        replenishment[[*KEYS, "on_hand_units", "safety_stock_units", "shortage_units", "policy"]], on=KEYS, how="inner"
    ).merge(stock_value[[*KEYS, "on_hand_value"]], on=KEYS, how="left")
    a, c = rows["abc_class"] == "A", rows["abc_class"] == "C"
    held, used = rows["on_hand_units"] > 0, rows["annual_consumption_units"] > 0
    of_a = rows["on_hand_value"].where(a & held)  # each company in its own currency
    typical = of_a.groupby(company_of(rows["item_id"])).transform("median")
    rules = {
        "a_without_stock": (a & used & ~held, "order or expedite; check whether the book is right"),
        "a_short": (a & held & (rows["on_hand_units"] < rows["safety_stock_units"]), "order now; review the lead time"),
        "c_rich": (c & (rows["on_hand_value"] > typical), "stop buying; transfer or dispose of the excess"),
        "cz_stocked": ((rows["abc_xyz_cell"] == "CZ") & held & used, "sell out and order on demand"),
        "stock_without_demand": (held & ~used, "dispose, or confirm that it is kept on purpose"),
    }
    parts = [rows[hit.fillna(False)].assign(disagreement=name, advice=advice) for name, (hit, advice) in rules.items()]
    found = pd.concat(parts, ignore_index=True)
    order = found.assign(weight=found[["on_hand_value", "annual_consumption_value"]].max(axis=1).fillna(0))
    return order.sort_values(["weight", *KEYS], ascending=[False, True, True], ignore_index=True)[REVIEW_COLUMNS]
