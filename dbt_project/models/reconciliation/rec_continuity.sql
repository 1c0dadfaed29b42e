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

-- Only a source that counts at month ends and nowhere else closes its periods; a cycle count on the day of a snapshot is no close.
periodic as (
    select source_instance
    from counts
    group by source_instance
    having
        min(case when count_date = {{ month_end('count_date') }} then 1 else 0 end) = 1
        and count(distinct count_date) > 2
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

-- An opening follows the last close, whether of the same evening or, where periods were not reported, of an earlier one.
events as (
    select
        source_instance,
        item_id,
        warehouse_id,
        close_date as event_date,
        0 as is_opening,
        close_units as units,
        close_source_file as source_file,
        close_source_row as source_row
    from closes
    union all
    select
        source_instance,
        item_id,
        warehouse_id,
        opening_date as event_date,
        1 as is_opening,
        opening_units as units,
        opening_source_file as source_file,
        opening_source_row as source_row
    from openings
),

ordered as (
    select
        *,
        lag(is_opening) over series as previous_is_opening,
        lag(event_date) over series as close_date,
        lag(units) over series as close_units,
        lag(source_file) over series as close_source_file,
        lag(source_row) over series as close_source_row
    from events
    window series as (partition by source_instance, item_id, warehouse_id order by event_date, is_opening)
),

final as (
    select
        ordered.source_instance,
        ordered.item_id,
        ordered.warehouse_id,
        ordered.close_date,
        ordered.event_date as opening_date,
        {{ as_units('ordered.close_units') }} as close_units,
        {{ as_units('ordered.units') }} as opening_units,
        {{ as_units('ordered.units - ordered.close_units') }} as variance_units,
        {{ as_value('(ordered.units - ordered.close_units) * item_warehouses.unit_cost_latest') }} as variance_value,
        case when item_warehouses.unit_cost_latest is null then {{ no_cost_status() }} else 'ok' end as value_status,
        ordered.close_source_file,
        ordered.close_source_row,
        ordered.source_file as opening_source_file,
        ordered.source_row as opening_source_row
    from ordered
    left join item_warehouses
        on ordered.item_id = item_warehouses.item_id and ordered.warehouse_id = item_warehouses.warehouse_id
    where ordered.is_opening = 1 and ordered.previous_is_opening = 0
)

select * from final
