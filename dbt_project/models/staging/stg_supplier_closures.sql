with source as (
    select * from {{ source('landing', 'supplier_closure') }}
),

final as (
    select
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        supplier_code,
        from_date,
        to_date,
        reason,
        {{ envelope() }}
    from source
)

select * from final
