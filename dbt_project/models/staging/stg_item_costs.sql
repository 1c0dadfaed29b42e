with landed as (
    select * from {{ source('landing', 'item_cost') }}
),

source as (
    {{ with_exchange_rate('landed', 'effective_date') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ contract_columns('item_cost') }},
        {{ envelope() }}
    from source
)

select * from final
