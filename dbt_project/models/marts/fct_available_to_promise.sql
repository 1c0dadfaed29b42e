with promise as (
    select * from {{ source('planning', 'promise') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(from_date as date) as from_date,
        {{ as_units('supply_units') }} as supply_units,
        {{ as_units('committed_units') }} as committed_units,
        {{ as_units('promise_units') }} as promise_units,
        {{ as_units('capable_units') }} as capable_units,
        cast(capable_date as date) as capable_date
    from promise
)

select * from final
