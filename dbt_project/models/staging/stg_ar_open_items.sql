with source as (
    select * from {{ source('landing', 'ar_open_item') }}
),

final as (
    select
        {{ contract_columns('ar_open_item') }},
        {{ envelope() }}
    from source
)

select * from final
