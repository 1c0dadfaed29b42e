with component_requirements as (
    select * from {{ source('planning', 'component_requirements') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(period_start_date as date) as period_start_date,
        cast(need_date as date) as need_date,
        {{ as_units('dependent_units') }} as dependent_units,
        {{ as_units('forecast_units') }} as forecast_units,
        {{ as_units('added_units') }} as added_units
    from component_requirements
)

select * from final
