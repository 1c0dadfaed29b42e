with landed as (
    select * from {{ source('landing', 'supplier_term') }}
),

source as (
    {{ with_exchange_rate('landed', 'extract_date') }}
),

final as (
    select
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        supplier_code,
        {{ in_company_currency('min_order_value', 'decimal(24, 4)') }} as min_order_value,
        min_order_value as document_min_order_value,
        {{ document_currency() }} as currency_code,
        exchange_rate,
        min_order_units,
        load_volume_m3,
        load_weight_kg,
        min_load_rate,
        {{ envelope() }}
    from source
)

select * from final
