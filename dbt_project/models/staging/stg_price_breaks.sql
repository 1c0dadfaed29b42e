with landed as (
    select * from {{ source('landing', 'price_break') }}
),

source as (
    {{ with_exchange_rate('landed', 'extract_date') }}
),

final as (
    select
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        {{ item_key('company_code', 'item_code') }} as item_id,
        supplier_code,
        item_code,
        from_units,
        {{ in_company_currency('unit_price', 'decimal(28, 8)') }} as unit_price,
        unit_price as document_unit_price,
        {{ document_currency() }} as currency_code,
        exchange_rate,
        moq_units,
        order_multiple_units,
        valid_from_date,
        valid_to_date,
        {{ envelope() }}
    from source
)

select * from final
