with source as (
    select * from {{ source('landing', 'purchase_order_line') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        po_no,
        po_line_id,
        order_date,
        supplier_code,
        item_code,
        variant_key,
        warehouse_code,
        ordered_units,
        received_units,
        open_units,
        due_date,
        confirmed_date,
        unit_price,
        order_value,
        is_closed,
        doc_status,
        {{ envelope() }}
    from source
)

select * from final
