with source as (
    select * from {{ source('landing', 'supplier') }}
),

final as (
    select
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        supplier_code,
        supplier_name,
        supplier_class,
        lead_time_days,
        payment_term_days,
        is_active,
        buyer_name,
        {{ envelope() }}
    from source
)

select * from final
