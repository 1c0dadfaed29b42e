-- What is behind on_order_units and overdue_units.
with int_open_supply as (
    select * from {{ ref('int_open_supply') }}
),

final as (
    select
        item_id,
        warehouse_id,
        due_date,
        on_order_units,
        overdue_units,
        source
    from int_open_supply
)

select * from final
