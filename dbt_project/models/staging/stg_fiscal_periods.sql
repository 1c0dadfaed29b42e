with source as (
    select * from {{ source('landing', 'fiscal_period') }}
),

final as (
    select
        module,
        period,
        start_date,
        end_date,
        is_closed,
        closed_at,
        {{ envelope() }}
    from source
)

select * from final
