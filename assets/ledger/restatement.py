"""As known then: which documents that came late, were corrected or vanished have moved the figures of earlier releases, and by how much.

An earlier release is compared with what the ledger says today about the same day, movement by movement. Every figure here is a
sum over movements (or a ratio of two such sums, whose change splits exactly: N1/D1 - N0/D0 = sum of (dN - N0/D0 x dD) / D1), so
the documents' shares add up to the change. A movement that reads as before but costs otherwise, because a late receipt came
before it, is `recosted`.
Only releases of earlier days count: the same day run again restates nothing.

SQL over an open warehouse and the Parquet files of releases.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from assets.publish.releases import list_releases

WINDOW_DAYS = 365
RECENT = 7
"""Days before the run whose releases are compared; older ones only where they are of a month end, which is what reports are made of."""
MOST = 31
"""Releases compared at most: seven days and two years of month ends."""
KPIS = ("on_hand_units", "inventory_capital", "cogs_365", "average_inventory_value_365", "inventory_turnover_365")
KINDS = ("late", "corrected", "voided", "recosted")


@dataclass(frozen=True)
class PastRelease:
    """What is needed of an earlier release."""

    release_id: str
    as_of: date
    movements: Path
    """Its `fct_stock_movements.parquet`."""


def past_releases(folder: Path) -> list[PastRelease]:
    """Every kept release whose movements can be read."""
    found = []
    for release in list_releases(folder):
        movements = release.path / "fct_stock_movements.parquet"
        if movements.is_file():
            found.append(PastRelease(release.release_id, release.as_of, movements))
    return found


def chosen_releases(releases: Iterable[PastRelease], as_of: date) -> list[PastRelease]:
    """The newest release of each earlier day that counts, oldest first."""
    newest = {one.as_of: one for one in sorted(releases, key=lambda one: one.release_id) if one.as_of < as_of}
    days = sorted(newest)
    recent = set(days[-RECENT:])
    return [newest[day] for day in days if day in recent or (day + timedelta(days=1)).day == 1][-MOST:]


_ROWS = """
create or replace temp table _compared as
with then_rows as (
    select movement_key, item_id, warehouse_id, movement_type, doc_no, business_date, entered_at, source_file, source_row,
        quantity_units, is_valued, is_demand and is_valued as is_sold,
        case when is_valued then coalesce(cost_value, 0) + coalesce(settlement_value, 0) else 0 end as net_value,
        coalesce(cogs_value, 0) + coalesce({settled}, 0) as cogs_value
    from read_parquet($file)
),
now_rows as (
    select movement_key, movements.item_id, warehouse_id, movement_type, doc_no, business_date, entered_at, source_file, source_row,
        movements.quantity_units, is_valued, is_demand and is_valued as is_sold,
        case when is_valued then coalesce(cast(costs.cost_value as decimal(24, 4)), 0)
            + coalesce(cast(costs.settlement_value as decimal(24, 4)), 0) else 0 end as net_value,
        coalesce(cast(costs.cogs_value as decimal(24, 4)), 0)
            + coalesce(cast(costs.cogs_settlement_value as decimal(24, 4)), 0) as cogs_value
    from intermediate.int_ledger_movements movements left join ledger.movement_costs costs using (movement_key)
),
period as (
    select cast($as_of as date) as as_of_date,
        greatest(cast($as_of as date) - ($days - 1), (select min(business_date) from then_rows)) as start_date
),
joined as (
    select
        coalesce(now_rows.movement_key, then_rows.movement_key) as movement_key,
        case
            when then_rows.movement_key is null then 'late'
            when now_rows.movement_key is null then 'voided'
            when (then_rows.item_id, then_rows.warehouse_id, then_rows.movement_type, then_rows.business_date, then_rows.quantity_units,
                    then_rows.is_valued, then_rows.is_sold)
                is distinct from (now_rows.item_id, now_rows.warehouse_id, now_rows.movement_type, now_rows.business_date,
                    now_rows.quantity_units, now_rows.is_valued, now_rows.is_sold) then 'corrected'
            else 'recosted'
        end as change_kind,
        coalesce(now_rows.item_id, then_rows.item_id) as item_id,
        coalesce(now_rows.warehouse_id, then_rows.warehouse_id) as warehouse_id,
        coalesce(now_rows.movement_type, then_rows.movement_type) as movement_type,
        coalesce(now_rows.doc_no, then_rows.doc_no) as doc_no,
        coalesce(now_rows.business_date, then_rows.business_date) as business_date,
        coalesce(now_rows.entered_at, then_rows.entered_at) as entered_at,
        coalesce(now_rows.source_file, then_rows.source_file) as source_file,
        coalesce(now_rows.source_row, then_rows.source_row) as source_row,
        {sides}
    from then_rows full join now_rows on then_rows.movement_key = now_rows.movement_key
    cross join period
    where then_rows.movement_key is not null or now_rows.business_date <= period.as_of_date
)
select *, split_part(item_id, '/', 1) as company_code,
    (select date_diff('day', start_date, as_of_date) + 1 from period) as period_days
from joined
"""
_SIDE = """
        case when {side}.business_date <= as_of_date then {side}.quantity_units else 0 end as {name}_units,
        case when {side}.business_date <= as_of_date then {side}.net_value else 0 end as {name}_value,
        case when {side}.business_date between start_date and as_of_date and {side}.is_valued
            then {side}.cogs_value else 0 end as {name}_cogs,
        case when {side}.business_date <= as_of_date
            then {side}.net_value * (date_diff('day', greatest({side}.business_date, start_date), as_of_date) + 1)
            else 0 end as {name}_value_days"""

_TOTALS = """
create or replace temp table _totals as
select
    company_code,
    sum(then_units) as units_0, sum(now_units) as units_1, sum(then_value) as value_0, sum(now_value) as value_1,
    sum(then_cogs) as cogs_0, sum(now_cogs) as cogs_1,
    sum(then_value_days) / max(period_days) as average_0, sum(now_value_days) / max(period_days) as average_1,
    365.0 / max(period_days) as per_year
from _compared group by company_code
"""
_DOCUMENTS = """
insert into ledger.restatement_documents by name
select
    $release as release_id, cast($as_of as date) as release_as_of_date, movement_key, change_kind, item_id, warehouse_id, movement_type,
    doc_no, business_date, entered_at, source_file, source_row,
    now_units - then_units as on_hand_units_change,
    now_value - then_value as inventory_capital_change,
    now_cogs - then_cogs as cogs_365_change,
    (now_value_days - then_value_days) / period_days as average_inventory_value_365_change,
    case when average_0 > 0 and average_1 > 0 then per_year * (
        (now_cogs - then_cogs) - cogs_0 / average_0 * (now_value_days - then_value_days) / period_days) / average_1 end
        as inventory_turnover_365_change
from _compared join _totals using (company_code)
where now_units <> then_units or now_value <> then_value or now_cogs <> then_cogs or now_value_days <> then_value_days
"""
_KPI_VALUES = {
    "on_hand_units": ("units_0", "units_1"),
    "inventory_capital": ("value_0", "value_1"),
    "cogs_365": ("cogs_0", "cogs_1"),
    "average_inventory_value_365": ("average_0", "average_1"),
    "inventory_turnover_365": (
        "case when average_0 > 0 and average_1 > 0 then cogs_0 / average_0 * per_year end",
        "case when average_0 > 0 and average_1 > 0 then cogs_1 / average_1 * per_year end",
    ),
}
_TABLES = f"""
create schema if not exists ledger;
create or replace table ledger.restated_kpis (
    release_id varchar, release_as_of_date date, company_code varchar, kpi varchar,
    value_then decimal(28, 6), value_now decimal(28, 6), change decimal(28, 6),
    {", ".join(f"{kind}_change decimal(28, 6)" for kind in KINDS)}, documents bigint
);
create or replace table ledger.restatement_documents (
    release_id varchar, release_as_of_date date, movement_key varchar, change_kind varchar, item_id varchar, warehouse_id varchar,
    movement_type varchar, doc_no varchar, business_date date, entered_at timestamptz, source_file varchar, source_row bigint,
    on_hand_units_change decimal(28, 6), inventory_capital_change decimal(24, 4), cogs_365_change decimal(24, 4),
    average_inventory_value_365_change double, inventory_turnover_365_change double
);
"""  # fmt: skip


def write_restatements(connection: duckdb.DuckDBPyConnection, releases: Iterable[PastRelease], as_of: date) -> int:
    """Tables `ledger.restated_kpis` and `ledger.restatement_documents`, written again; returns the number of releases compared."""
    connection.execute(_TABLES)
    compared = chosen_releases(releases, as_of)
    sides = ",".join(_SIDE.format(side=f"{name}_rows", name=name) for name in ("then", "now"))
    for past in compared:
        given = {"file": str(past.movements), "as_of": past.as_of, "days": WINDOW_DAYS}
        columns = connection.execute("select name from parquet_schema($file)", {"file": given["file"]}).fetchall()
        # A release from before settlements were distinguished has none of its own.
        settled = "cogs_settlement_value" if ("cogs_settlement_value",) in columns else "0"
        connection.execute(_ROWS.format(sides=sides, settled=settled), given)
        connection.execute(_TOTALS)
        connection.execute(_DOCUMENTS, {"release": past.release_id, "as_of": past.as_of})
        for kpi, (then, now) in _KPI_VALUES.items():
            connection.execute(_kpi(kpi, then, now), {"release": past.release_id, "as_of": past.as_of})
    for name in ("_compared", "_totals"):
        connection.execute(f"drop table if exists {name}")
    return len(compared)


def _kpi(kpi: str, then: str, now: str) -> str:
    effects = ", ".join(
        f"coalesce(sum({kpi}_change) filter (where change_kind = '{kind}'), 0) as {kind}_change" for kind in KINDS
    )
    return f"""
        insert into ledger.restated_kpis by name
        select $release as release_id, cast($as_of as date) as release_as_of_date, company_code, '{kpi}' as kpi,
            {then} as value_then, {now} as value_now,
            ({now}) - ({then}) as change, {", ".join(f"{kind}_change" for kind in KINDS)}, documents
        from _totals join (
            select _totals.company_code, {effects}, count(*) filter (where {kpi}_change <> 0) as documents
            from _totals left join (
                select * from ledger.restatement_documents where release_id = $release
            ) as moved on split_part(moved.item_id, '/', 1) = _totals.company_code
            group by _totals.company_code
        ) using (company_code)
    """
