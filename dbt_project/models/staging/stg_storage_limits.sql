with source as (
    select * from {{ source('landing', 'storage_limit') }}
),

final as (
    select
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ item_key('company_code', 'item_code') }} as item_id,
        {{ contract_columns('storage_limit') }},
        {{ envelope() }}
    from source
)

select * from final
