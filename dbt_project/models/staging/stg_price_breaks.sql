with source as (
    select * from {{ source('landing', 'price_break') }}
),

final as (
    select
        {{ company_key('company_code', 'supplier_code') }} as supplier_id,
        {{ item_key('company_code', 'item_code') }} as item_id,
        supplier_code,
        item_code,
        from_units,
        unit_price,
        moq_units,
        order_multiple_units,
        valid_from_date,
        valid_to_date,
        {{ envelope() }}
    from source
)

select * from final
