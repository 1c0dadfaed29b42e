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
        {{ contract_columns('price_break') }},
        {{ envelope() }}
    from source
)

select * from final
