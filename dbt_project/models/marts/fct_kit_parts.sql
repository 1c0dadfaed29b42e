with kit_parts as (
    select * from {{ source('planning', 'kit_parts') }}
),

final as (
    select
        cast(order_kind as varchar) as order_kind,
        cast(order_no as varchar) as order_no,
        cast(order_line_id as varchar) as order_line_id,
        cast(component_item_id as varchar) as component_item_id,
        cast(item_id as varchar) as item_id,
        cast(need_date as date) as need_date,
        {{ as_units('required_units') }} as required_units,
        {{ as_units('issued_units') }} as issued_units,
        {{ as_units('wanted_units') }} as wanted_units,
        {{ as_units('allocated_units') }} as allocated_units,
        {{ as_units('substitute_units') }} as substitute_units,
        cast(substitute_item_id as varchar) as substitute_item_id,
        {{ as_units('incoming_units') }} as incoming_units,
        {{ as_units('missing_units') }} as missing_units,
        cast(available_date as date) as available_date
    from kit_parts
)

select * from final
