with kit_completeness as (
    select * from {{ source('planning', 'kit_completeness') }}
),

final as (
    select
        cast(order_kind as varchar) as order_kind,
        cast(order_no as varchar) as order_no,
        cast(order_line_id as varchar) as order_line_id,
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(start_date as date) as start_date,
        cast(due_date as date) as due_date,
        {{ as_units('open_units') }} as open_units,
        cast(components_no as bigint) as components_no,
        cast(complete_components_no as bigint) as complete_components_no,
        round(cast(component_rate as double), 6) as component_rate,
        {{ as_units('kit_units') }} as kit_units,
        round(cast(kit_rate as double), 6) as kit_rate,
        cast(complete_date as date) as complete_date,
        cast(is_complete as boolean) as is_complete,
        cast(is_complete_on_time as boolean) as is_complete_on_time,
        round(cast(late_days as double), 6) as late_days,
        {{ as_value('missing_value') }} as missing_value
    from kit_completeness
)

select * from final
