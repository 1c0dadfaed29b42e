"""What the plan suggests besides buying: moves between warehouses and ways out; and the plan replayed on history."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dashboard.filters import Filter
from dashboard.release_reader import ReleaseReader


def _wanted(wanted: Filter, warehouse: str) -> str:
    return f"(item_id, {warehouse}) in (select (item_id, warehouse_id) from {wanted.health})"


def _transfers(wanted: Filter) -> str:
    """Moves that begin or end at a chosen item-warehouse: both people have to agree to one."""
    if wanted.is_everything:
        return "fct_transfers"
    either = f"{_wanted(wanted, 'from_warehouse_id')} or {_wanted(wanted, 'to_warehouse_id')}"
    return f"(select * from fct_transfers where {either})"


def transfer_summary(reader: ReleaseReader, wanted: Filter) -> dict:
    """How many moves, what they move and what they save after their cost."""
    return reader.row(
        f"""select count(*) as moves, sum(transfer_value) as transfer_value, sum(net_saving_value) as net_saving_value,
                sum(cost_value) as cost_value, count(*) filter (where value_status <> 'ok') as without_value
            from {_transfers(wanted)}""",
        wanted.parameters,
    )


def transfers(reader: ReleaseReader, wanted: Filter, limit: int = 200) -> pd.DataFrame:
    """The moves, those that save most first; `warehouse_id` is the receiver's."""
    return reader.frame(
        f"""select i.item_code, i.item_name, f.warehouse_name as from_warehouse_name,
                w.warehouse_name as to_warehouse_name, t.transfer_units, i.base_uom, t.transfer_value, t.ship_date,
                t.arrival_date, t.cost_value, t.net_saving_value, t.purchase_avoided_units,
                {reader.sentence("fct_transfers", "t.reason")},
                t.item_id, t.to_warehouse_id as warehouse_id
            from {_transfers(wanted)} t left join dim_items i on i.item_id = t.item_id
            left join dim_warehouses f on f.warehouse_id = t.from_warehouse_id
            left join dim_warehouses w on w.warehouse_id = t.to_warehouse_id
            order by t.net_saving_value desc nulls last, t.item_id, t.from_warehouse_id, t.to_warehouse_id
            limit {int(limit)}""",
        wanted.parameters,
    )


def ways_out(reader: ReleaseReader, wanted: Filter) -> pd.DataFrame:
    """What each way of letting stock go would take and bring; the most money first."""
    return reader.frame(
        f"""select way, count(*) as items, sum(book_value) as book_value,
                sum(expected_recovery_value) as expected_recovery_value,
                sum(book_value - expected_recovery_value) as expected_loss_value
            from {wanted.of("fct_disposals")} where value_status = 'ok'
            group by way order by book_value desc nulls last, way""",
        wanted.parameters,
    )


def disposals(reader: ReleaseReader, wanted: Filter, limit: int = 200) -> pd.DataFrame:
    """Ways out by item-warehouse, those that bring most first. Names are looked up for the rows that are shown."""
    return reader.frame(
        f"""with chosen as (
                select * from {wanted.of("fct_disposals")}
                order by expected_recovery_value desc nulls last, item_id, warehouse_id, way_rank limit {int(limit)}
            )
            select h.item_code, h.item_name, h.warehouse_name, h.owner_name, d.way, d.disposal_units, h.base_uom,
                d.book_value, d.expected_recovery_value, d.expected_loss_value, d.done_by_date,
                {reader.sentence("fct_disposals", "d.reason")},
                h.item_id, h.warehouse_id
            from chosen d join fct_inventory_health h using (item_id, warehouse_id)
            order by d.expected_recovery_value desc nulls last, h.item_id, h.warehouse_id, d.way_rank""",
        wanted.parameters,
    )


_BOTH = "replay_filled_units is not null and actual_filled_units is not null"  # rows that both sides have
_FIGURES = ("replay_filled_units", "actual_filled_units", "demand_units", "replay_stock_value", "actual_stock_value",
            "replay_stockout_days", "actual_stockout_days")  # fmt: skip


def replay_by_class(reader: ReleaseReader, wanted: Filter) -> pd.DataFrame:
    """The plan's own rules over the past window beside what was really done: sums by ABC class, over the same rows.

    Units of different items are added for the fill rate only, where both sides add the same items; money is what compares.
    """
    return reader.frame(
        f"""select coalesce(left(abc_xyz_cell, 1), '') as abc_class, count(*) as series,
                min(window_from_date) as from_date, max(window_to_date) as to_date,
                sum(cast(replay_filled_units as double)) as replay_filled_units,
                sum(cast(actual_filled_units as double)) as actual_filled_units,
                sum(cast(demand_units as double)) as demand_units,
                sum(cast(replay_average_stock_value as double)) as replay_stock_value,
                sum(cast(actual_average_stock_value as double)) as actual_stock_value,
                cast(sum(replay_stockout_days) as double) as replay_stockout_days,
                cast(sum(actual_stockout_days) as double) as actual_stockout_days,
                count(*) filter (where verdict = 'recommended') as recommended,
                count(*) filter (where verdict = 'not_recommended') as not_recommended,
                sum(cast(replay_filled_units as double)) / nullif(sum(cast(demand_units as double)), 0)
                    as replay_fill_rate,
                sum(cast(actual_filled_units as double)) / nullif(sum(cast(demand_units as double)), 0)
                    as actual_fill_rate
            from {wanted.of("fct_policy_replay")} where {_BOTH} group by 1 order by 1""",
        wanted.parameters,
    )


def replay_summary(by_class: pd.DataFrame) -> dict[str, Any]:
    """The classes together; empty where nothing was replayed. A sum of nothing known is None."""
    if by_class.empty:
        return {}
    sums: dict[str, Any] = {name: _total(by_class[name]) for name in _FIGURES}
    demand = sums["demand_units"]
    for side in ("replay", "actual"):
        filled = sums[f"{side}_filled_units"]
        sums[f"{side}_fill_rate"] = filled / demand if demand and filled is not None else None
    counts = {name: int(by_class[name].sum()) for name in ("series", "recommended", "not_recommended")}
    return {**sums, **counts, "from_date": by_class["from_date"].min(), "to_date": by_class["to_date"].max()}


def _total(values: pd.Series) -> float | None:
    known = values.dropna()
    return float(known.sum()) if len(known) else None


def replay_verdicts(reader: ReleaseReader, wanted: Filter, limit: int = 200) -> pd.DataFrame:
    """Item-warehouses that the replay advises against first, then by the stock that the plan would free."""
    return reader.frame(
        f"""with chosen as (
                select * from {wanted.of("fct_policy_replay")} where {_BOTH}
                order by verdict <> 'not_recommended',
                    actual_average_stock_value - replay_average_stock_value desc nulls last, item_id, warehouse_id
                limit {int(limit)}
            )
            select h.item_code, h.item_name, h.warehouse_name, p.abc_xyz_cell, p.policy, p.verdict, p.replay_fill_rate,
                p.actual_fill_rate, p.replay_stockout_days, p.actual_stockout_days, p.replay_average_stock_value,
                p.actual_average_stock_value, p.replay_turnover_rate, p.actual_turnover_rate,
                {reader.sentence("fct_policy_replay", "p.verdict_reason")},
                h.item_id, h.warehouse_id
            from chosen p join fct_inventory_health h using (item_id, warehouse_id)
            order by p.verdict <> 'not_recommended',
                p.actual_average_stock_value - p.replay_average_stock_value desc nulls last, h.item_id, h.warehouse_id""",
        wanted.parameters,
    )
