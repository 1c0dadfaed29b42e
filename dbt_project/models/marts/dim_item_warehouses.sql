-- The master facts per item and warehouse, as they were on the run's date.
with int_item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

final as (
    select
        item_id,
        warehouse_id,
        first_movement_date,
        last_movement_date,
        last_demand_date,
        item_code,
        warehouse_code,
        category_name,
        base_uom,
        unit_cost_latest,
        unit_price,
        default_supplier_id,
        moq_units,
        order_multiple_units,
        lead_time_days_master,
        shelf_life_days,
        is_stocked,
        is_active,
        owner_name,
        team_name
    from int_item_warehouses
)

select * from final
