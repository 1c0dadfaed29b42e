with source as (
    select * from {{ source('landing', 'item_uom') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code') }} as item_id,
        {{ contract_columns('item_uom') }},
        {{ envelope() }}
    from source
)

select * from final
