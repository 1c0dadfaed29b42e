with landed as (
    select * from {{ source('landing', 'item') }}
),

source as (
    {{ with_exchange_rate('landed', 'extract_date') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code') }} as item_id,
        {{ company_key('company_code', 'default_supplier_code') }} as default_supplier_id,
        {{ contract_columns('item') }},
        {{ envelope() }}
    from source
)

select * from final
