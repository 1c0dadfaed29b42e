with landed as (
    select * from {{ source('landing', 'purchase_receipt_line') }}
),

in_base_units as (
    {{ with_base_units('landed', 'received_units') }}
),

source as (
    {{ with_exchange_rate('in_base_units', 'receipt_date') }}
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
        coalesce(received_units, entered_base_units) as received_units,
        qualified_units,
        rejected_units,
        entered_units,
        entered_uom,
        {{ in_company_currency('unit_cost', 'decimal(28, 8)') }} as unit_cost,
        {{ in_company_currency('cost_value', 'decimal(24, 4)') }} as cost_value,
        unit_cost as document_unit_cost,
        cost_value as document_cost_value,
        {{ document_currency() }} as currency_code,
        exchange_rate,
        line_kind,
        doc_status,
        source_key,
        {{ envelope() }}
    from source
)

select * from final
