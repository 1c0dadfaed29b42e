with landed as (
    select * from {{ source('landing', 'stock_on_hand') }}
),

source as (
    {{ with_exchange_rate('landed', 'as_of_date') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ contract_columns('stock_on_hand') }},
        {{ envelope() }}
    from source
)

select * from final
