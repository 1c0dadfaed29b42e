-- An example of your own: stock and dead stock by warehouse.
with health as (
    select * from {{ ref('stockturn', 'fct_inventory_health') }}
)

select
    warehouse_id,
    count(*) as stocked_items,
    cast(sum(on_hand_units) as decimal(28, 6)) as on_hand_units,
    cast(sum(inventory_value) as decimal(24, 4)) as inventory_value,
    cast(sum(dead_stock_value) as decimal(24, 4)) as dead_stock_value
from health
group by warehouse_id
