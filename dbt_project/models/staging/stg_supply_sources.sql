with source as (
    select * from {{ source('landing', 'supply_source') }}
),

final as (
    select
        case when item_code <> '' then {{ item_key('company_code', 'item_code', 'variant_key') }} end as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        {{ company_key('company_code', 'from_warehouse_code') }} as from_warehouse_id,
        {{ contract_columns('supply_source') }},
        {{ envelope() }}
    from source
)

select * from final
