with disposal_ways as (
    select * from {{ source('planning', 'disposal_ways') }}
),

final as (
    select
        cast(way as varchar) as way,
        round(cast(starting_rate as double), 6) as starting_rate,
        round(cast(learnt_rate as double), 6) as learnt_rate,
        cast(events_no as bigint) as events_no,
        {{ as_value('base_value') }} as base_value,
        {{ as_value('recovered_value') }} as recovered_value,
        round(cast(weight_rate as double), 6) as weight_rate
    from disposal_ways
)

select * from final
