-- What is still to come, by the day on which it is expected: open purchase order lines, and transfers that left one warehouse and have
-- not arrived.
with lines as (
    select * from {{ ref('int_open_supply_lines') }}
),

final as (
    select
        item_id,
        warehouse_id,
        due_date,
        {{ as_units('sum(open_units)') }} as on_order_units,
        {{ as_units('sum(case when is_overdue then open_units else 0 end)') }} as overdue_units,
        source
    from lines
    group by item_id, warehouse_id, due_date, source
)

select * from final
