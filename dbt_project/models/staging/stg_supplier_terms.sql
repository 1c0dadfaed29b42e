with source as (
    select * from {{ source('landing', 'supplier_term') }}
),

final as (
    select
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        supplier_code,
        min_order_value,
        min_order_units,
        load_volume_m3,
        load_weight_kg,
        min_load_rate,
        {{ envelope() }}
    from source
)

select * from final
