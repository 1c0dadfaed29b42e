with disposal_alternatives as (
    select * from {{ source('planning', 'disposal_alternatives') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(alternative_no as bigint) as alternative_no,
        cast(alternative as varchar) as alternative,
        cast(destination as varchar) as destination,
        {{ as_units('capacity_units') }} as capacity_units,
        {{ as_value('net_present_per_unit_value') }} as net_present_per_unit_value,
        {{ as_value('keep_per_unit_value') }} as keep_per_unit_value,
        {{ as_units('chosen_units') }} as chosen_units,
        cast(value_status as varchar) as value_status
    from disposal_alternatives
)

select * from final
