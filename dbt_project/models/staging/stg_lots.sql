with source as (
    select * from {{ source('landing', 'lot') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        case when warehouse_code = '' then '' else {{ company_key('company_code', 'warehouse_code') }} end as warehouse_id,
        item_code,
        variant_key,
        lot_no,
        warehouse_code,
        mfg_date,
        expiry_date,
        first_receipt_date,
        supplier_code,
        supplier_lot_no,
        quality_status,
        {{ envelope() }}
    from source
)

select * from final
