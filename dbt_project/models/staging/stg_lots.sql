with source as (
    select * from {{ source('landing', 'lot') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        case when warehouse_code = '' then '' else {{ company_key('company_code', 'warehouse_code') }} end as warehouse_id,
        {{ contract_columns('lot') }},
        {{ envelope() }}
    from source
)

select * from final
