with source as (
    select * from {{ source('landing', 'purchase_receipt_line') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        receipt_no,
        receipt_line_id,
        receipt_date,
        po_no,
        po_line_id,
        supplier_code,
        item_code,
        variant_key,
        warehouse_code,
        lot_no,
        received_units,
        qualified_units,
        rejected_units,
        unit_cost,
        cost_value,
        line_kind,
        doc_status,
        source_key,
        {{ envelope() }}
    from source
)

select * from final
