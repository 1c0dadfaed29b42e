with disposal_recoveries as (
    select * from {{ source('planning', 'disposal_recoveries') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(way as varchar) as way,
        cast(business_date as date) as business_date,
        round(cast(idle_days as double), 6) as idle_days,
        {{ as_units('recovered_units') }} as recovered_units,
        {{ as_value('book_value') }} as book_value,
        {{ as_value('base_value') }} as base_value,
        {{ as_value('recovered_value') }} as recovered_value,
        round(cast(recovery_rate as double), 6) as recovery_rate,
        round(cast(expected_rate as double), 6) as expected_rate
    from disposal_recoveries
)

select * from final
