with warehouses as (
    select * from {{ ref('int_warehouses') }}
),

item_warehouses as (
    select * from {{ ref('dim_item_warehouses') }}
),

stocked as (
    select
        warehouse_id,
        bool_or(is_in_transit) as is_in_transit,
        count(*) as items
    from item_warehouses
    group by warehouse_id
),

all_warehouses as (
    select warehouse_id from warehouses
    union distinct
    select warehouse_id from stocked
),

final as (
    select
        all_warehouses.warehouse_id,
        coalesce(warehouses.company_code, split_part(all_warehouses.warehouse_id, '/', 1)) as company_code,
        coalesce(warehouses.warehouse_code, split_part(all_warehouses.warehouse_id, '/', 2)) as warehouse_code,
        case when stocked.is_in_transit then '在途 (in transit)' else warehouses.warehouse_name end as warehouse_name,
        case when stocked.is_in_transit then 'transit' else warehouses.warehouse_type end as warehouse_type,
        warehouses.ownership,
        coalesce(warehouses.is_valued, true) as is_valued,
        coalesce(warehouses.is_nettable, not coalesce(stocked.is_in_transit, false)) as is_nettable,
        coalesce(warehouses.is_active, true) as is_active,
        warehouses.parent_warehouse_code,
        warehouses.region,
        warehouses.manager_name,
        coalesce(stocked.items, 0) as items,
        warehouses.warehouse_id is not null as has_master_record
    from all_warehouses
    left join warehouses on all_warehouses.warehouse_id = warehouses.warehouse_id
    left join stocked on all_warehouses.warehouse_id = stocked.warehouse_id
)

select * from final
