with source as (
    select * from {{ source('landing', 'sales_order_line') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        so_no,
        so_line_id,
        order_date,
        customer_code,
        channel,
        item_code,
        variant_key,
        warehouse_code,
        ordered_units,
        shipped_units,
        cancelled_units,
        requested_date,
        promised_date,
        unit_price,
        order_value,
        promotion_code,
        is_gift,
        is_drop_ship,
        is_closed,
        doc_status,
        {{ envelope() }}
    from source
)

select * from final
