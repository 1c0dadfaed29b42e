"""What a review is about, read from a release (and the one it is compared with): small tables, no layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from assets.publish.companies import company_catalog
from assets.publish.content import quoted
from assets.publish.history import ReleaseDiff, diff_releases
from assets.publish.releases import Release
from assets.publish.review.actions import suggested_actions, what_came_of
from assets.publish.review.month import month_of

Row = dict[str, Any]
TOP = 15  # what fits on a page and can be talked through in a meeting

_KPIS = """
    select kpi, kpi_value, kpi_status, target_rate, floor_rate, ceiling_rate, attainment_rate, attainment_state, owner_name
    from marts.fct_kpi_summary where scope = 'company' order by kpi"""
_TREND = """
    select month_start_date, sum(ending_inventory_value) as ending_value,
        sum(cogs_value) filter (where average_inventory_value is not null) * 365 / nullif(sum(average_inventory_value
        * period_days) filter (where cogs_value is not null), 0) as inventory_turnover
    from marts.fct_turnover_monthly group by all order by month_start_date desc limit 13"""
_AGE = """
    select bucket_label, sum(stock_value) as stock_value from marts.fct_stock_ageing
    where snapshot_date = (select max(snapshot_date) from marts.fct_stock_ageing)
    group by bucket_no, bucket_label order by bucket_no"""
_DEAD = f"""
    select item_id, warehouse_id, item_code, item_name, warehouse_name, owner_name, on_hand_units, dead_stock_value,
        idle_days, last_demand_date
    from marts.fct_inventory_health where is_dead
    order by dead_stock_value desc nulls last, item_id, warehouse_id limit {TOP}"""
_MISSES = f"""
    select h.item_code, h.item_name, h.warehouse_name, h.owner_name, f.model, f.wape, f.bias,
        abs(f.bias) * f.mean_units * h.unit_cost_latest as miss_value
    from marts.fct_forecasts f join marts.fct_inventory_health h using (item_id, warehouse_id)
    where f.horizon_periods = 1 and f.bias is not null
    order by miss_value desc nulls last, f.item_id, f.warehouse_id limit {TOP}"""
_MISMATCHES = """
    select severity, rule_id, any_value(title) as title, any_value(title_zh) as title_zh, count(*) as findings,
        sum(abs(variance_value)) as gross_value
    from marts.fct_findings group by severity, rule_id
    order by case severity when 'critical' then 1 when 'warning' then 2 else 3 end, gross_value desc nulls last, rule_id"""
# What moved the value in the month of the release (a period of the company's calendar): documents by kind, between the two ends that the
# books contain.
_BRIDGE = """
    with month as (
        select max(month_start_date) as first_day, max(period_end_date) as last_day from marts.fct_turnover_monthly
    ), ends as (
        select sum(ending_inventory_value) filter (where month_start_date = first_day) as closing_value,
            sum(ending_inventory_value) filter (where period_end_date = first_day - 1) as opening_value
        from marts.fct_turnover_monthly, month
    ), moved as (
        select case
                when movement_type in ('purchase_receipt', 'purchase_return') then 'bought'
                when movement_type in ('sales_issue', 'sales_return') then 'sold'
                when movement_type like 'production%' or movement_type like 'subcontract%' then 'produced'
                when movement_type in ('count_gain', 'count_loss') then 'counted'
                when movement_type = 'scrap' then 'scrapped'
                when movement_type like '%transfer%' then 'moved'
            else 'other_documents' end as cause, sum(cost_value) as cause_value
        from marts.fct_stock_movements, month
        where is_valued and business_date between first_day and last_day group by all
    ), steps as (
        select cause, cause_value from moved where cause_value <> 0
        union all
        select 'without_document', closing_value - opening_value - coalesce((select sum(cause_value) from moved), 0)
        from ends
    )
    select cause, cause_value from (
        select 'opening' as cause, opening_value as cause_value, 0 as place from ends
        union all
        select cause, cause_value, 1 from steps where abs(cause_value) >= 0.5
        union all
        select 'closing', closing_value, 2 from ends
    ) where (select opening_value + closing_value from ends) is not null
    order by place, abs(cause_value) desc, cause"""
# Where capital is, by category, and what it turns: a mart's sums of numerators over sums of denominators.
_CATEGORIES = """
    select coalesce(category_name, '') as category_name, sum(inventory_value) as inventory_value,
        sum(dead_stock_value) as dead_stock_value,
        sum(cogs_value_365 * 365.0 / nullif(turnover_period_days, 0)) filter (where average_inventory_value_365 is not null)
            / nullif(sum(average_inventory_value_365) filter (where cogs_value_365 is not null), 0) as inventory_turnover
    from marts.fct_inventory_health where is_stocked group by all"""
_THEN = """
    select item_id, warehouse_id, on_hand_units, dead_stock_value from marts.fct_inventory_health"""


@dataclass(frozen=True)
class Review:
    """The content of a review; every list is in the order in which it is to be shown."""

    release: Release
    before: Release | None
    month: str
    """The period of the company's calendar that holds the day of the release, yyyy-mm."""
    kpis: Sequence[Row]
    trend: Sequence[Row]
    bridge: Sequence[Row]
    ageing: Sequence[Row]
    dead_stock: Sequence[Row]
    forecast_misses: Sequence[Row]
    mismatches: Sequence[Row]
    changes: ReleaseDiff | None
    incidents: Sequence[Mapping[str, Any]]
    causes: Sequence[Row]
    """Categories by how much their capital moved: value and turnover now and before."""
    actions: Sequence[Row]
    """What is to be done until the next review (actions.py)."""
    last_actions: Sequence[Row]
    """The actions of the release before, and what came of them."""
    comments: Sequence[Row] = ()
    """What people said about the month: at, user_name, comment."""


def read_review(
    release: Release, before: Release | None, incidents: Sequence[Mapping[str, Any]], company: str = ""
) -> Review:
    """Read both releases; `incidents` are the open ones (incident_id, title, owner_name, due_date, state, ...).

    `company`: whose rows, where the releases hold several companies; empty: all there are.
    """
    with _opened(release, company) as connection:
        tables = [_rows(connection, sql) for sql in (_KPIS, _TREND, _BRIDGE, _AGE, _DEAD, _MISSES, _MISMATCHES)]
        actions, causes = suggested_actions(connection), _rows(connection, _CATEGORIES)
    kpis, trend, bridge, ageing, dead, misses, mismatches = tables
    last_actions: list[Row] = []
    if before is not None:
        with _opened(before, company) as connection:
            _compare(kpis, {row["kpi"]: row for row in _rows(connection, _KPIS)})
            _what_was_done(dead, _rows(connection, _THEN))
            _moved(causes, _rows(connection, _CATEGORIES))
            suggested = suggested_actions(connection)
        with _opened(release, company) as connection:
            last_actions = what_came_of(suggested, connection, before.as_of)
    changes = diff_releases(before, release) if before is not None else None
    causes = sorted(causes, key=lambda row: (-abs(row.get("moved_value") or 0), row["category_name"]))[:TOP]
    month = month_of(release, release.as_of).name
    return Review(
        release, before, month, kpis, trend[::-1], bridge, ageing, dead, misses, mismatches, changes, incidents, causes, actions,
        last_actions,
    )  # fmt: skip


@contextmanager
def _opened(release: Release, company: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(release.database), read_only=True) as connection:
        if company:
            connection.execute(f"use {quoted(company_catalog(connection, company))}")
        yield connection


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    return list(connection.execute(sql).to_arrow_table().to_pylist())


def _compare(kpis: list[Row], then: Mapping[str, Row]) -> None:
    for row in kpis:
        row["before_value"] = then.get(row["kpi"], {}).get("kpi_value")


def _moved(now: list[Row], then: list[Row]) -> None:
    """Categories with what they were before, those that are gone too."""
    old = {row["category_name"]: row for row in then}
    gone = old.keys() - {row["category_name"] for row in now}
    now += [{**dict.fromkeys(old[name]), "category_name": name, "inventory_value": 0} for name in sorted(gone)]
    for row in now:
        was = old.get(row["category_name"], {})
        row["before_value"], row["before_turnover"] = was.get("inventory_value"), was.get("inventory_turnover")
        row["moved_value"] = float(row["inventory_value"] or 0) - float(row["before_value"] or 0)


def _what_was_done(dead: list[Row], then: list[Row]) -> None:
    """Units that left since the release before: sold off, moved, scrapped. None where the item was not there."""
    known = {(row["item_id"], row["warehouse_id"]): row for row in then}
    for row in dead:
        old = known.get((row["item_id"], row["warehouse_id"]))
        row["units_gone"] = None if old is None else old["on_hand_units"] - row["on_hand_units"]
        row["was_dead"] = old is not None and bool(old["dead_stock_value"])
