with landed as (
    select * from {{ source('landing', 'sales_shipment_line') }}
),

in_base_units as (
    {{ with_base_units('landed', 'shipped_units') }}
),

source as (
    {{ with_exchange_rate('in_base_units', 'shipment_date') }}
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
        coalesce(shipped_units, entered_base_units) as shipped_units,
        entered_units,
        entered_uom,
        {{ in_company_currency('revenue_value', 'decimal(24, 4)') }} as revenue_value,
        revenue_value as document_revenue_value,
        {{ document_currency() }} as currency_code,
        exchange_rate,
        line_kind,
        doc_status,
        source_key,
        {{ envelope() }}
    from source
)

select * from final
