-- What the plan releases, a row per order or move; what is due today is in fct_replenishment as well.
with planned_orders as (
    select * from {{ source('planning', 'planned_orders') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(source_kind as varchar) as source_kind,
        cast(supplier_id as varchar) as supplier_id,
        cast(from_warehouse_id as varchar) as from_warehouse_id,
        cast(release_date as date) as release_date,
        cast(arrival_date as date) as arrival_date,
        {{ as_units('planned_units') }} as planned_units,
        cast(is_due_now as boolean) as is_due_now
    from planned_orders
)

select * from final
