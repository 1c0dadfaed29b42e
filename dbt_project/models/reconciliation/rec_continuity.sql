-- Periodic sources: the figure a period closes at against the figure the next one opens with. variance = next opening - close.
with counts as (
    select * from {{ ref('stg_stock_count_lines') }}
),

snapshots as (
    select * from {{ ref('stg_stock_on_hand') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

-- Only a source that declares itself periodic closes and opens; a cycle count on the day of a snapshot is no close.
periodic as (
    select distinct source_instance
    from {{ source('control', 'source_capabilities') }}
    where capability = 'is_periodic' and is_available
),

closes as (
    select
        counts.source_instance,
        counts.item_id,
        counts.warehouse_id,
        counts.count_date as close_date,
        sum(counts.counted_units) as close_units,
        min(counts.source_file) as close_source_file,
        min(counts.source_row) as close_source_row
    from counts
    inner join periodic on counts.source_instance = periodic.source_instance
    where counts.counted_units is not null
    group by counts.source_instance, counts.item_id, counts.warehouse_id, counts.count_date
),

openings as (
    select
        source_instance,
        item_id,
        warehouse_id,
        as_of_date as opening_date,
        sum(on_hand_units) as opening_units,
        min(source_file) as opening_source_file,
        min(source_row) as opening_source_row
    from snapshots
    group by source_instance, item_id, warehouse_id, as_of_date
),

-- The opening of the next period is the balance of the evening on which the last one closed.
final as (
    select
        closes.source_instance,
        closes.item_id,
        closes.warehouse_id,
        closes.close_date,
        {{ as_units('closes.close_units') }} as close_units,
        {{ as_units('openings.opening_units') }} as opening_units,
        {{ as_units('openings.opening_units - closes.close_units') }} as variance_units,
        {{ as_value('(openings.opening_units - closes.close_units) * item_warehouses.unit_cost_latest') }} as variance_value,
        case when item_warehouses.unit_cost_latest is null then {{ no_cost_status() }} else 'ok' end as value_status,
        closes.close_source_file,
        closes.close_source_row,
        openings.opening_source_file,
        openings.opening_source_row
    from closes
    inner join openings
        on
            closes.source_instance = openings.source_instance
            and closes.item_id = openings.item_id
            and closes.warehouse_id = openings.warehouse_id
            and closes.close_date = openings.opening_date
    left join item_warehouses
        on closes.item_id = item_warehouses.item_id and closes.warehouse_id = item_warehouses.warehouse_id
)

select * from final
