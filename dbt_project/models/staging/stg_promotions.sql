with source as (
    select * from {{ source('landing', 'promotion') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code') }} as item_id,
        {{ contract_columns('promotion') }},
        {{ envelope() }}
    from source
)

select * from final
