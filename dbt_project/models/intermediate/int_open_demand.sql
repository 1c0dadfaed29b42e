-- What is promised and not yet shipped, per item x warehouse: reserved for a later day, or already late.
with order_lines as (
    select * from {{ ref('int_order_lines') }}
),

final as (
    select
        item_id,
        warehouse_id,
        {{ as_units('sum(case when is_due then 0 else open_units end)') }} as reserved_units,
        {{ as_units('sum(case when is_due then open_units else 0 end)') }} as backorder_units
    from order_lines
    where open_units > 0
    group by item_id, warehouse_id
)

select * from final
