-- The lines behind every service rate, so that a reader of a release can go from a rate to the orders in it.
with int_order_lines as (
    select * from {{ ref('int_order_lines') }}
),

final as (
    select
        source_instance,
        so_no,
        so_line_id,
        item_id,
        warehouse_id,
        order_date,
        requested_date,
        promised_date,
        last_shipped_date,
        ordered_units,
        cancelled_units,
        due_units,
        shipped_units,
        on_time_units,
        shipped_by_promised_units,
        shelf_units,
        open_units,
        is_due,
        is_promise_due,
        is_stockout,
        is_on_time,
        is_last_365_days,
        is_promise_last_365_days,
        source_file,
        source_row
    from int_order_lines
)

select * from final
