"""What is to be done until the next review, with owner, day and expected money; and what came of what the last one said.

An action is a suggestion of the plan in the release: a way out for dead stock, a move between warehouses, a change of an open
order. The last review's actions are those of the release before, read again: nothing has to be kept for it. What came of them is read
from the documents since then: units that left, units that were moved, messages that are gone.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

Row = dict[str, Any]
TOP = 15  # what can be talked through in a meeting, as in figures.py
DONE_RATE = 0.95  # of the units: the rest is what a count or a pack size leaves over (set 2026-11-30, by judgement)

_MARTS = (
    "fct_disposals",
    "fct_transfers",
    "fct_order_exceptions",
    "dim_item_warehouses",
    "dim_items",
    "dim_warehouses",
)
# Money: what the plan expects of the action: recovery of a disposal, saving of a move after its cost, what a changed order saves.
_SUGGESTED = f"""
    with suggested as (
        select 'let_go' as kind, way as detail, item_id, warehouse_id, cast(null as varchar) as from_warehouse_id,
            cast(null as varchar) as order_key, disposal_units as units, done_by_date as due_date,
            cast(expected_recovery_value as double) as expected_value
        from marts.fct_disposals where value_status = 'ok' and way_rank = 1
        union all
        select 'move', '', item_id, to_warehouse_id, from_warehouse_id, null, transfer_units, ship_date,
            cast(net_saving_value as double)
        from marts.fct_transfers where value_status = 'ok'
        union all
        select 'change_order', message, item_id, warehouse_id, from_warehouse_id, concat_ws('|', source, order_no, order_line_id),
            message_units, greatest(due_date, cast(needed_date as date)), cast(message_value as double)
        from marts.fct_order_exceptions where value_status = 'ok'
    )
    select s.*, i.item_code, i.item_name, w.warehouse_name, f.warehouse_name as from_warehouse_name, p.owner_name
    from suggested s left join marts.dim_items i using (item_id)
    left join marts.dim_warehouses w on w.warehouse_id = s.warehouse_id
    left join marts.dim_warehouses f on f.warehouse_id = s.from_warehouse_id
    left join marts.dim_item_warehouses p on p.item_id = s.item_id and p.warehouse_id = s.warehouse_id
    where s.expected_value > 0
    order by s.expected_value desc, s.kind, s.item_id, s.warehouse_id, s.from_warehouse_id, s.order_key limit {TOP}"""
_LEFT = """
    select greatest(0, -sum(quantity_units)) as units from marts.fct_stock_movements
    where item_id = $item_id and warehouse_id = $warehouse_id and business_date > $after"""
_MOVED = """
    select sum(quantity_units) as units from marts.fct_stock_movements
    where item_id = $item_id and warehouse_id = $warehouse_id and counterpart_warehouse_id = $from_warehouse_id
        and quantity_units > 0 and business_date > $after"""
_STILL_ASKED = """
    select sum(message_units) as units from marts.fct_order_exceptions
    where concat_ws('|', source, order_no, order_line_id) = $order_key and message = $detail"""


def suggested_actions(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The actions of an open release that bring most: kind (`let_go`, `move`, `change_order`), detail (way, message), names, units,
    due_date, owner_name, expected_value; nothing where the release has no plan."""
    known = {str(name) for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()}
    if not known.issuperset(_MARTS):
        return []
    return list(connection.execute(_SUGGESTED).to_arrow_table().to_pylist())


def what_came_of(actions: list[Row], now: duckdb.DuckDBPyConnection, after: date) -> list[Row]:
    """Actions of an earlier release with `done_units`, `came_value` (their share of the expected money) and `outcome`.

    Args:
        actions: as `suggested_actions` gave them for the release of the day `after`.
        now: the present release, open.
        after: the day of that release; documents since then count.
    """
    for action in actions:
        done = _done(action, now, after)
        units = float(action["units"])
        rate = min(1.0, done / units) if units > 0 else 0.0
        action["done_units"] = min(done, units)
        action["came_value"] = action["expected_value"] * rate
        action["outcome"] = "done" if rate >= DONE_RATE else ("partly_done" if rate > 0 else "not_done")
    return actions


def _done(action: Row, now: duckdb.DuckDBPyConnection, after: date) -> float:
    if action["kind"] == "change_order":
        keys = {name: action[name] for name in ("order_key", "detail")}
        still = now.execute(_STILL_ASKED, keys).fetchone()
        return float(action["units"]) - float((still or (0,))[0] or 0)
    names = ("item_id", "warehouse_id") + (("from_warehouse_id",) if action["kind"] == "move" else ())
    found = now.execute(
        _MOVED if action["kind"] == "move" else _LEFT, {**{name: action[name] for name in names}, "after": after}
    ).fetchone()
    return float((found or (0,))[0] or 0)
