with source as (
    select * from {{ source('landing', 'item_uom') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code') }} as item_id,
        item_code,
        uom_code,
        numerator,
        denominator,
        is_floating,
        {{ envelope() }}
    from source
)

select * from final
