with source as (
    select * from {{ source('landing', 'bill_of_materials') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code') }} as item_id,
        {{ item_key('company_code', 'component_item_code') }} as component_item_id,
        {{ company_key('company_code', 'issue_warehouse_code') }} as issue_warehouse_id,
        item_code,
        bom_version,
        line_id,
        component_item_code,
        component_units,
        parent_units,
        scrap_rate,
        valid_from_date,
        valid_to_date,
        substitute_group,
        substitute_priority,
        is_phantom,
        issue_warehouse_code,
        is_default,
        is_active,
        {{ envelope() }}
    from source
)

select * from final
