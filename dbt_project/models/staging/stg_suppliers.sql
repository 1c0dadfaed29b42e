with source as (
    select * from {{ source('landing', 'supplier') }}
),

final as (
    select
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        {{ contract_columns('supplier') }},
        {{ envelope() }}
    from source
)

select * from final
