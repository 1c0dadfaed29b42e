with source as (
    select * from {{ source('landing', 'ap_open_item') }}
),

final as (
    select
        {{ contract_columns('ap_open_item') }},
        {{ envelope() }}
    from source
)

select * from final
