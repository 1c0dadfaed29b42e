with source as (
    select * from {{ source('landing', 'item_successor') }}
),

final as (
    select
        {{ item_key('company_code', 'predecessor_item_code') }} as predecessor_item_id,
        {{ item_key('company_code', 'successor_item_code') }} as successor_item_id,
        {{ contract_columns('item_successor') }},
        {{ envelope() }}
    from source
)

select * from final
