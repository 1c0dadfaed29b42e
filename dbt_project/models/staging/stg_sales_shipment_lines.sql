with source as (
    select * from {{ source('landing', 'sales_shipment_line') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        shipment_no,
        shipment_line_id,
        shipment_date,
        so_no,
        so_line_id,
        customer_code,
        item_code,
        variant_key,
        warehouse_code,
        lot_no,
        shipped_units,
        revenue_value,
        line_kind,
        doc_status,
        source_key,
        {{ envelope() }}
    from source
)

select * from final
