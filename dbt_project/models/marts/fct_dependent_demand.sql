with dependent_demand as (
    select * from {{ source('planning', 'dependent_demand') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(need_date as date) as need_date,
        {{ as_units('dependent_units') }} as dependent_units,
        cast(parent_item_id as varchar) as parent_item_id,
        cast(level_no as bigint) as level_no
    from dependent_demand
)

select * from final
