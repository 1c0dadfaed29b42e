with kit_forecast as (
    select * from {{ source('planning', 'kit_forecast') }}
),

final as (
    select
        cast(kit_date as date) as kit_date,
        cast(due_orders as bigint) as due_orders,
        cast(complete_orders as bigint) as complete_orders,
        round(cast(kit_rate as double), 6) as kit_rate,
        {{ as_units('due_units') }} as due_units,
        {{ as_units('complete_units') }} as complete_units
    from kit_forecast
)

select * from final
