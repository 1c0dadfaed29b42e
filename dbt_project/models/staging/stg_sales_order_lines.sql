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
        {{ contract_columns('sales_order_line', in_base_units='ordered_units') }},
        {{ envelope() }}
    from source
)

select * from final
