-- The master facts per item and warehouse, as they were on the run's date; and of items that were ever under way between two warehouses,
-- at the place where goods under way are.
with int_item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

entries as (
    select * from {{ ref('fct_value_entries') }}
),

items as (
    select * from {{ ref('int_items') }}
),

under_way as (
    select
        item_id,
        warehouse_id,
        min(business_date) as first_movement_date,
        max(business_date) as last_movement_date
    from entries
    where is_in_transit
    group by item_id, warehouse_id
),

item_facts as (
    select
        item_id,
        any_value(item_code) as item_code,
        any_value(category_name) as category_name,
        any_value(base_uom) as base_uom,
        any_value(default_supplier_id) as default_supplier_id,
        bool_or(is_stocked) as is_stocked
    from int_item_warehouses
    group by item_id
),

transit_rows as (
    select
        under_way.item_id,
        under_way.warehouse_id,
        under_way.first_movement_date,
        under_way.last_movement_date,
        item_facts.item_code,
        split_part(under_way.warehouse_id, '/', 2) as warehouse_code,
        item_facts.category_name,
        item_facts.base_uom,
        item_facts.default_supplier_id,
        item_facts.is_stocked,
        true as is_active,
        items.owner_name,
        true as is_in_transit
    from under_way
    left join item_facts on under_way.item_id = item_facts.item_id
    left join items on under_way.item_id = items.item_id
),

all_rows as (
    select
        *,
        false as is_in_transit
    from int_item_warehouses
    union all by name
    select * from transit_rows
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
        team_name,
        is_in_transit
    from all_rows
)

select * from final
