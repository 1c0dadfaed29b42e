with landed as (
    select * from {{ source('landing', 'stock_count_line') }}
),

in_base_units as (
    {{ with_base_units('landed', 'counted_units') }}
),

source as (
    {{ with_exchange_rate('in_base_units', 'count_date') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ contract_columns('stock_count_line', in_base_units='counted_units') }},
        {{ envelope() }}
    from source
)

select * from final
