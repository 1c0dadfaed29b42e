with source as (
    select * from {{ source('landing', 'warehouse') }}
),

final as (
    select
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ contract_columns('warehouse') }},
        {{ envelope() }}
    from source
)

select * from final
