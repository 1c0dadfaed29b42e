with source as (
    select * from {{ source('landing', 'forecast_override') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        item_code,
        warehouse_code,
        start_date,
        end_date,
        demand_units,
        planner_name,
        override_reason,
        entered_date,
        expires_date,
        {{ envelope() }}
    from source
)

select * from final
