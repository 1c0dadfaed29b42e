with source as (
    select * from {{ source('landing', 'production_order') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ contract_columns('production_order') }},
        {{ envelope() }}
    from source
)

select * from final
