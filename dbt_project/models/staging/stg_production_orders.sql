with source as (
    select * from {{ source('landing', 'production_order') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        order_no,
        order_line_id,
        order_date,
        item_code,
        variant_key,
        warehouse_code,
        planned_units,
        finished_units,
        start_date,
        due_date,
        bom_version,
        so_no,
        is_closed,
        doc_status,
        {{ envelope() }}
    from source
)

select * from final
