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
        {{ contract_columns('sales_shipment_line', in_base_units='shipped_units') }},
        source_key,
        {{ envelope() }}
    from source
)

select * from final
