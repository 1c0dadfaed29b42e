-- A row per open order line with something to do.
with order_exceptions as (
    select * from {{ source('planning', 'order_exceptions') }}
),

final as (
    select
        cast(source as varchar) as source,
        cast(order_no as varchar) as order_no,
        cast(order_line_id as varchar) as order_line_id,
        cast(supplier_id as varchar) as supplier_id,
        cast(from_warehouse_id as varchar) as from_warehouse_id,
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(order_date as date) as order_date,
        cast(promised_date as date) as promised_date,
        cast(due_date as date) as due_date,
        cast(overdue_days as bigint) as overdue_days,
        {{ as_units('open_units') }} as open_units,
        {{ as_value('open_value') }} as open_value,
        cast(message as varchar) as message,
        {{ as_units('message_units') }} as message_units,
        cast(needed_date as date) as needed_date,
        round(cast(shift_days as double), 6) as shift_days,
        {{ as_value('message_value') }} as message_value,
        cast(value_status as varchar) as value_status,
        cast(reason as varchar) as reason,
        cast(reason_zh as varchar) as reason_zh
    from order_exceptions
)

select * from final
