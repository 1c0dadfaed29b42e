with landed as (
    select * from {{ source('landing', 'supplier_term') }}
),

source as (
    {{ with_exchange_rate('landed', 'extract_date') }}
),

final as (
    select
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        {{ contract_columns('supplier_term') }},
        {{ envelope() }}
    from source
)

select * from final
