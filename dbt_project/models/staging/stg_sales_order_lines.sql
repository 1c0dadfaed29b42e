with landed as (
    select * from {{ source('landing', 'sales_order_line') }}
),

in_base_units as (
    {{ with_base_units('landed', 'ordered_units') }}
),

source as (
    {{ with_exchange_rate('in_base_units', 'order_date') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        so_no,
        so_line_id,
        order_date,
        customer_code,
        channel,
        item_code,
        variant_key,
        warehouse_code,
        coalesce(ordered_units, entered_base_units) as ordered_units,
        shipped_units,
        cancelled_units,
        entered_units,
        entered_uom,
        requested_date,
        promised_date,
        {{ in_company_currency('unit_price', 'decimal(28, 8)') }} as unit_price,
        {{ in_company_currency('order_value', 'decimal(24, 4)') }} as order_value,
        unit_price as document_unit_price,
        order_value as document_order_value,
        {{ document_currency() }} as currency_code,
        exchange_rate,
        promotion_code,
        is_gift,
        is_drop_ship,
        is_closed,
        doc_status,
        {{ envelope() }}
    from source
)

select * from final
