with source as (
    select * from {{ source('landing', 'demand_regressor') }}
),

final as (
    select
        case when item_code != '' then {{ item_key('company_code', 'item_code') }} end as item_id,
        case when warehouse_code != '' then {{ company_key('company_code', 'warehouse_code') }} end as warehouse_id,
        {{ contract_columns('demand_regressor') }},
        {{ envelope() }}
    from source
)

select * from final
