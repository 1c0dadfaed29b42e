with source as (
    select * from {{ source('landing', 'promotion') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code') }} as item_id,
        promotion_code,
        item_code,
        scope,
        start_date,
        end_date,
        promotion_type,
        discount_rate,
        uplift_expected_rate,
        {{ envelope() }}
    from source
)

select * from final
