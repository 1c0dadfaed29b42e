-- The costs that the source keeps itself; where it keeps none, receipts give the cost (dim_item_warehouses.unit_cost_latest).
with int_item_costs_latest as (
    select * from {{ ref('int_item_costs_latest') }}
),

final as (
    select
        item_id,
        warehouse_id,
        unit_cost,
        effective_date
    from int_item_costs_latest
)

select * from final
