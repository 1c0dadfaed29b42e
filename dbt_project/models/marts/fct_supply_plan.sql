-- A row per item, warehouse and week in which anything is there, wanted, due or planned.
with supply_plan as (
    select * from {{ source('planning', 'supply_plan') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(week_start_date as date) as week_start_date,
        {{ as_units('opening_units') }} as opening_units,
        {{ as_units('demand_units') }} as demand_units,
        {{ as_units('receipts_units') }} as receipts_units,
        {{ as_units('planned_receipts_units') }} as planned_receipts_units,
        {{ as_units('sent_units') }} as sent_units,
        {{ as_units('released_units') }} as released_units,
        {{ as_units('closing_units') }} as closing_units,
        {{ as_units('short_units') }} as short_units,
        {{ as_units('safety_stock_units') }} as safety_stock_units,
        {{ as_units('net_requirement_units') }} as net_requirement_units
    from supply_plan
)

select * from final
