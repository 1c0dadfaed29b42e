-- What the ledger says at every item x warehouse x day on which another system or a count says something.
-- A running sum over movements and points together: no join of dates, the same in every dialect.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

snapshots as (
    select * from {{ ref('stg_stock_on_hand') }}
),

physical as (
    select * from {{ ref('stg_wms_stock') }}
),

counts as (
    select * from {{ ref('stg_stock_count_lines') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

-- A snapshot day of a warehouse covers every item that the warehouse ever had.
snapshot_days as (
    select distinct
        warehouse_id,
        as_of_date as point_date
    from snapshots
    union distinct
    select distinct
        warehouse_id,
        as_of_date as point_date
    from physical
),

points as (
    select
        item_warehouses.item_id,
        item_warehouses.warehouse_id,
        snapshot_days.point_date
    from snapshot_days
    inner join item_warehouses on snapshot_days.warehouse_id = item_warehouses.warehouse_id
    union distinct
    select
        item_id,
        warehouse_id,
        count_date as point_date
    from counts
),

events as (
    select
        item_id,
        warehouse_id,
        business_date as event_date,
        quantity_units as ledger_units,
        case when movement_type in ('count_gain', 'count_loss') then quantity_units else 0 end as count_units,
        0 as late_units,
        0 as is_point
    from movements
    union all
    -- A document entered after its day was unknown to a snapshot in between.
    select
        movements.item_id,
        movements.warehouse_id,
        movements.business_date as event_date,
        0 as ledger_units,
        0 as count_units,
        movements.quantity_units as late_units,
        0 as is_point
    from movements
    cross join run_parameters
    where {{ local_date('movements.entered_at', 'run_parameters.timezone') }} > movements.business_date
    union all
    select
        movements.item_id,
        movements.warehouse_id,
        {{ local_date('movements.entered_at', 'run_parameters.timezone') }} as event_date,
        0 as ledger_units,
        0 as count_units,
        -movements.quantity_units as late_units,
        0 as is_point
    from movements
    cross join run_parameters
    where {{ local_date('movements.entered_at', 'run_parameters.timezone') }} > movements.business_date
    union all
    select
        item_id,
        warehouse_id,
        point_date as event_date,
        0 as ledger_units,
        0 as count_units,
        0 as late_units,
        1 as is_point
    from points
),

daily as (
    select
        item_id,
        warehouse_id,
        event_date,
        sum(ledger_units) as ledger_units,
        sum(count_units) as count_units,
        sum(late_units) as late_units,
        max(is_point) as is_point
    from events
    group by item_id, warehouse_id, event_date
),

running as (
    select
        item_id,
        warehouse_id,
        event_date as point_date,
        sum(ledger_units) over grain as ledger_units,
        count_units as count_posted_units,
        sum(late_units) over grain as late_units,
        is_point
    from daily
    window grain as (partition by item_id, warehouse_id order by event_date)
),

final as (
    select
        item_id,
        warehouse_id,
        point_date,
        {{ as_units('ledger_units') }} as ledger_units,
        {{ as_units('count_posted_units') }} as count_posted_units,
        {{ as_units('late_units') }} as late_units
    from running
    where is_point = 1
)

select * from final
