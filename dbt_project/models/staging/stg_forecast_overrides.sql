with source as (
    select * from {{ source('landing', 'forecast_override') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ contract_columns('forecast_override') }},
        {{ envelope() }}
    from source
)

select * from final
