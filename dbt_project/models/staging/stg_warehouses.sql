with source as (
    select * from {{ source('landing', 'warehouse') }}
),

final as (
    select
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        warehouse_code,
        warehouse_name,
        warehouse_type,
        ownership,
        is_costed,
        is_nettable,
        is_frozen,
        is_active,
        parent_warehouse_code,
        region,
        manager_name,
        timezone,
        {{ envelope() }}
    from source
)

select * from final
