"""Kit completeness (齐套率): which orders have all their parts, today and by date, and what is missing.

Parts go to the orders in the order of their dates: stock first, then substitutes of the same group, then what is due.
An order that cannot be completed keeps what it was given: the parts are set aside for it.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd

PART_COLUMNS = [
    "order_kind", "order_no", "order_line_id", "component_item_id", "item_id", "need_date", "required_units",
    "issued_units", "wanted_units", "allocated_units", "substitute_units", "substitute_item_id", "incoming_units", "missing_units",
    "available_date",
]  # fmt: skip
ORDER_COLUMNS = [
    "order_kind", "order_no", "order_line_id", "item_id", "warehouse_id", "start_date", "due_date", "open_units",
    "components_no", "complete_components_no", "component_rate", "kit_units", "kit_rate", "complete_date",
    "is_complete", "is_complete_on_time", "late_days", "missing_value",
]  # fmt: skip


def parts_of_orders(
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    issued: pd.DataFrame,
    on_hand: pd.Series,
    receipts: pd.DataFrame,
    today: pd.Timestamp,
) -> pd.DataFrame:
    """What every order needs, has and lacks, a row per order and main component (PART_COLUMNS).

    Args:
        orders: order_kind, order_no, order_line_id, item_id, bom_version (null: the default lines), start_date,
            planned_units, open_units. lines: bills in effect without phantoms, all versions; is_default marks the ones
            that planning uses. issued: order_no, component_item_id, units given out already. on_hand: nettable units by
            item. receipts: item_id, due_date, units.
    """
    needs = _needs(orders, lines, issued)
    stock: dict[str, float] = {str(item): max(float(units), 0.0) for item, units in on_hand.items()}
    coming: dict[str, list[tuple[pd.Timestamp, list[float]]]] = defaultdict(list)
    for item, due, units in receipts.sort_values(["item_id", "due_date"])[["item_id", "due_date", "units"]].itertuples(
        index=False
    ):
        coming[str(item)].append((due, [float(units)]))
    stand_in = _substitutes(lines)
    rows = []
    for need in needs.itertuples(index=False):
        wanted = float(need.wanted_units)  # type: ignore[arg-type]
        item = str(need.component_item_id)
        own = _take(stock, item, wanted)
        left, incoming, date, other, other_units = wanted - own, 0.0, today, "", 0.0
        for name, ratio in stand_in.get((str(need.item_id), str(need.version), item), ()):
            if left <= 1e-9:
                break
            given = _take(stock, name, left * ratio) / ratio
            if given > 0:
                other, other_units, left = name, other_units + given, left - given
        for due, rest in coming[item]:
            if left <= 1e-9:
                break
            given = min(left, rest[0])
            if given > 0:
                rest[0] -= given
                left, incoming, date = left - given, incoming + given, max(date, due)
        rows.append((own, other_units, other, incoming, max(left, 0.0), pd.NaT if left > 1e-9 else date))
    names = [
        "allocated_units",
        "substitute_units",
        "substitute_item_id",
        "incoming_units",
        "missing_units",
        "available_date",
    ]
    result = pd.concat([needs.reset_index(drop=True), pd.DataFrame(rows, columns=names)], axis=1)
    return result.rename(columns={"start_date": "need_date"})[PART_COLUMNS]


def kit_completeness(orders: pd.DataFrame, parts: pd.DataFrame, unit_cost: pd.Series) -> pd.DataFrame:
    """One row per order (ORDER_COLUMNS): how much of it can be put together today and when all of it can.

    component_rate: components that are complete today / components. kit_units: whole units that the parts on hand (and
    issued) make; kit_rate: of the open units. complete_date: null where a part is neither there nor due.
    """
    keys = ["order_kind", "order_no", "order_line_id", "item_id"]  # companies may use the same numbers
    rows = parts.merge(orders[[*keys, "open_units", "planned_units"]], on=keys)
    there = rows["allocated_units"] + rows["substitute_units"]
    needed = rows["wanted_units"]
    rows["is_there"] = there >= needed - 1e-9
    share = np.divide(there, needed, out=np.ones(len(rows)), where=(needed > 1e-9).to_numpy())
    rows["share"] = np.clip(share, 0, 1)
    rows["missing_value"] = (needed - there).clip(lower=0) * rows["component_item_id"].map(unit_cost).astype(float)
    rows["is_never"] = rows["available_date"].isna()
    found = rows.groupby(keys, sort=True).agg(
        components_no=("is_there", "size"), complete_components_no=("is_there", "sum"), share=("share", "min"),
        complete_date=("available_date", "max"), is_never=("is_never", "any"), missing_value=("missing_value", "sum"),
    )  # fmt: skip
    result = orders.merge(found.reset_index(), on=keys)
    result["component_rate"] = result["complete_components_no"] / result["components_no"]
    result["kit_units"] = np.floor(result["share"] * result["open_units"] + 1e-9)
    result["kit_rate"] = result["kit_units"] / result["open_units"].where(result["open_units"] > 0)
    result["complete_date"] = pd.to_datetime(result["complete_date"]).where(~result["is_never"])
    result["is_complete"] = result["complete_components_no"] == result["components_no"]
    late = (result["complete_date"] - pd.to_datetime(result["start_date"])).dt.days
    result["late_days"] = late.clip(lower=0)
    result["is_complete_on_time"] = (late <= 0) & ~result["is_never"]
    return result.sort_values(["start_date", *keys], ignore_index=True)[ORDER_COLUMNS]


def completeness_by_date(orders: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Kit completeness as it will be: orders that are due to start by each day, and those of them whose parts are there by it.

    Returns:
        kit_date, due_orders, complete_orders, kit_rate, due_units, complete_units.
    """
    start, done = pd.to_datetime(orders["start_date"]), pd.to_datetime(orders["complete_date"])
    units = orders["open_units"].astype(float)
    rows = []
    for day in days:
        due = start <= day
        ready = due & (done <= day)
        made = (units.where(done <= day, orders["kit_units"]))[due].sum()
        rows.append((day, float(due.sum()), float(ready.sum()), float(units[due].sum()), float(made)))
    table = pd.DataFrame(rows, columns=["kit_date", "due_orders", "complete_orders", "due_units", "complete_units"])
    table["kit_rate"] = table["complete_orders"] / table["due_orders"].where(table["due_orders"] > 0)
    return table


def _needs(orders: pd.DataFrame, lines: pd.DataFrame, issued: pd.DataFrame) -> pd.DataFrame:
    """Required, issued and still wanted units of the main components, in the order in which orders are served."""
    named = orders["bom_version"].fillna("").astype(str)
    versions = lines[["item_id", "bom_version"]].drop_duplicates()
    known = pd.MultiIndex.from_arrays([orders["item_id"], named]).isin(pd.MultiIndex.from_frame(versions)) & (
        named != ""
    )
    default = lines[lines["is_default"]].drop_duplicates("item_id").set_index("item_id")["bom_version"]
    rows = orders.assign(version=named.where(known, orders["item_id"].map(default)))
    main = lines[lines["is_main"]].rename(columns={"bom_version": "version"})
    rows = rows.merge(main[["item_id", "version", "component_item_id", "units_per"]], on=["item_id", "version"])
    rows = rows.merge(
        issued.rename(columns={"units": "issued_units"}), on=["order_no", "component_item_id"], how="left"
    )
    rows["issued_units"] = rows["issued_units"].astype(float).fillna(0.0)
    rows["required_units"] = rows["planned_units"].astype(float) * rows["units_per"]
    still = rows["open_units"].astype(float) * rows["units_per"]
    # what was issued beyond what the finished units used is waiting on the floor for the open ones
    used = (rows["planned_units"] - rows["open_units"]).astype(float) * rows["units_per"]
    rows["wanted_units"] = (still - (rows["issued_units"] - used).clip(lower=0)).clip(lower=0)
    order = ["start_date", "order_kind", "order_no", "order_line_id", "component_item_id"]
    return rows.sort_values(order, ignore_index=True)


def _substitutes(lines: pd.DataFrame) -> dict[tuple[str, str, str], list[tuple[str, float]]]:
    """Substitutes of each main component: item and units of it for one unit of the main one, by priority."""
    groups = lines[lines["substitute_group"] != ""]
    result: dict[tuple[str, str, str], list[tuple[str, float]]] = {}
    for (item, version, _), rows in groups.groupby(["item_id", "bom_version", "substitute_group"], sort=True):
        ordered = rows.sort_values(["substitute_priority", "component_item_id"])
        main = ordered[ordered["is_main"]].iloc[0]
        others = ordered[~ordered["is_main"]]
        ratios = others["units_per"].astype(float) / float(main["units_per"])
        result[str(item), str(version), str(main["component_item_id"])] = list(
            zip(others["component_item_id"].astype(str), ratios, strict=True)
        )
    return result


def _take(stock: dict[str, float], item: str, wanted: float) -> float:
    given = min(stock.get(item, 0.0), max(wanted, 0.0))
    if given > 0:
        stock[item] -= given
    return given
