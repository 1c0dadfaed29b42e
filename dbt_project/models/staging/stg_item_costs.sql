with source as (
    select * from {{ source('landing', 'item_cost') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        item_code,
        variant_key,
        cost_scope,
        scope_code,
        lot_no,
        effective_date,
        cost_method,
        unit_cost,
        cost_status,
        {{ envelope() }}
    from source
)

select * from final
