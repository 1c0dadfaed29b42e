with source as (
    select * from {{ source('landing', 'wms_stock') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ contract_columns('wms_stock') }},
        {{ envelope() }}
    from source
)

select * from final
