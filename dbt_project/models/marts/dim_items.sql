with items as (
    select * from {{ ref('int_items') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

stocked as (
    select
        item_id,
        min(first_movement_date) as first_movement_date,
        max(last_movement_date) as last_movement_date,
        max(last_demand_date) as last_demand_date,
        count(*) as warehouses
    from item_warehouses
    group by item_id
),

-- A variant, or an item that only documents name, has no master record of its own.
all_items as (
    select item_id from items
    union distinct
    select item_id from stocked
),

final as (
    select
        all_items.item_id,
        coalesce(items.company_code, split_part(all_items.item_id, '/', 1)) as company_code,
        coalesce(items.item_code, base_items.item_code, split_part(all_items.item_id, '/', 2)) as item_code,
        coalesce(items.item_name, base_items.item_name) as item_name,
        coalesce(items.category_code, base_items.category_code) as category_code,
        coalesce(items.category_name, base_items.category_name) as category_name,
        coalesce(items.base_uom, base_items.base_uom) as base_uom,
        coalesce(items.item_type, base_items.item_type) as item_type,
        coalesce(items.is_stocked, base_items.is_stocked, true) as is_stocked,
        coalesce(items.is_active, base_items.is_active, true) as is_active,
        coalesce(items.is_lot_tracked, base_items.is_lot_tracked) as is_lot_tracked,
        coalesce(items.shelf_life_days, base_items.shelf_life_days) as shelf_life_days,
        coalesce(items.expiry_warn_days, base_items.expiry_warn_days) as expiry_warn_days,
        coalesce(items.standard_cost, base_items.standard_cost) as standard_cost,
        coalesce(items.list_price, base_items.list_price) as list_price,
        coalesce(items.default_supplier_id, base_items.default_supplier_id) as default_supplier_id,
        coalesce(items.abc_class_source, base_items.abc_class_source) as abc_class_source,
        coalesce(items.owner_name, base_items.owner_name) as owner_name,
        stocked.first_movement_date,
        stocked.last_movement_date,
        stocked.last_demand_date,
        coalesce(stocked.warehouses, 0) as warehouses,
        items.item_id is not null as has_master_record
    from all_items
    left join items on all_items.item_id = items.item_id
    left join items as base_items
        on split_part(all_items.item_id, '/', 1) || '/' || split_part(all_items.item_id, '/', 2) = base_items.item_id
    left join stocked on all_items.item_id = stocked.item_id
)

select * from final
