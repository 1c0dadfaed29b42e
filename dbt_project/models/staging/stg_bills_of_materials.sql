with source as (
    select * from {{ source('landing', 'bill_of_materials') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code') }} as item_id,
        {{ item_key('company_code', 'component_item_code') }} as component_item_id,
        {{ company_key('company_code', 'issue_warehouse_code') }} as issue_warehouse_id,
        {{ contract_columns('bill_of_materials') }},
        {{ envelope() }}
    from source
)

select * from final
