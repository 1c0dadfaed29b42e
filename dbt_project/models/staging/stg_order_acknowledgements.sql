with source as (
    select * from {{ source('landing', 'order_acknowledgement') }}
),

final as (
    select
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ contract_columns('order_acknowledgement') }},
        {{ envelope() }}
    from source
)

select * from final
