with supplier_plan_checks as (
    select * from {{ source('planning', 'supplier_plan_checks') }}
),

final as (
    select
        cast(supplier_id as varchar) as supplier_id,
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(delivery_date as date) as delivery_date,
        {{ as_units('planned_units') }} as planned_units,
        cast(is_counted as boolean) as is_counted,
        cast(plan_status as varchar) as plan_status,
        {{ as_units('projected_units') }} as projected_units,
        {{ as_units('minimum_units') }} as minimum_units,
        {{ as_units('maximum_units') }} as maximum_units,
        cast(reason as varchar) as reason,
        cast(reason_zh as varchar) as reason_zh
    from supplier_plan_checks
)

select * from final
