with landed as (
    select * from {{ source('landing', 'inventory_value_entry') }}
),

source as (
    {{ with_exchange_rate('landed', 'business_date') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ contract_columns('inventory_value_entry') }},
        {{ envelope() }}
    from source
)

select * from final
