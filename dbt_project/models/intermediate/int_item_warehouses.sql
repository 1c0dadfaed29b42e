-- The spine: every item x warehouse that ever had a movement, a snapshot, a count or an order; of a company without any stock, a sale.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

items as (
    select * from {{ ref('int_items') }}
),

warehouses as (
    select * from {{ ref('int_warehouses') }}
),

suppliers as (
    select
        supplier_id,
        max(lead_time_days) as lead_time_days
    from {{ ref('stg_suppliers') }}
    group by supplier_id
),

item_costs as (
    select * from {{ ref('int_item_costs_latest') }}
),

purchase_order_lines as (
    select * from {{ ref('stg_purchase_order_lines') }}
),

sales_order_lines as (
    select * from {{ ref('stg_sales_order_lines') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

teams as (
    select * from {{ source('control', 'teams') }}
),

moved as (
    select
        item_id,
        warehouse_id,
        min(business_date) as first_movement_date,
        max(business_date) as last_movement_date,
        max(case when is_demand and quantity_units < 0 then business_date end) as last_demand_date
    from movements
    group by item_id, warehouse_id
),

pairs as (
    select
        item_id,
        warehouse_id
    from moved
    union distinct
    select
        item_id,
        warehouse_id
    from {{ ref('stg_stock_on_hand') }}
    union distinct
    select
        item_id,
        warehouse_id
    from {{ ref('stg_wms_stock') }}
    union distinct
    select
        item_id,
        warehouse_id
    from {{ ref('stg_stock_count_lines') }}
    union distinct
    select
        item_id,
        warehouse_id
    from sales_order_lines
    union distinct
    select
        item_id,
        warehouse_id
    from purchase_order_lines
    union distinct
    select
        shipments.item_id,
        shipments.warehouse_id
    from {{ ref('stg_sales_shipment_lines') }} as shipments
    inner join {{ ref('int_company_feeds') }} as feeds on shipments.company_code = feeds.company_code
    where feeds.ledger_basis = 'none' and shipments.item_id is not null and shipments.warehouse_id is not null
),

-- What came free says nothing of what a unit costs: counted, it would make holding the stock beside it look free.
receipt_costs as (
    select
        item_id,
        warehouse_id,
        max_by(unit_cost, movement_sequence) as unit_cost,
        max(movement_sequence) as last_sequence
    from movements
    where quantity_units > 0 and unit_cost > 0 and movement_type not in ('transfer_in', 'sales_return')
    group by item_id, warehouse_id
),

receipt_costs_anywhere as (
    select
        item_id,
        max_by(unit_cost, last_sequence) as unit_cost
    from receipt_costs
    group by item_id
),

sale_prices as (
    select
        item_id,
        max_by(unit_price, order_date || '|' || so_no || '|' || so_line_id) as unit_price
    from sales_order_lines
    where unit_price is not null and unit_price > 0
    group by item_id
),

order_suppliers as (
    select
        item_id,
        max_by(supplier_id, order_date || '|' || po_no || '|' || po_line_id) as supplier_id
    from purchase_order_lines
    group by item_id
),

-- A variant is described by its item.
described as (
    select
        pairs.item_id,
        pairs.warehouse_id,
        coalesce(own_item.item_id, base_item.item_id) as described_by
    from pairs
    left join items as own_item on pairs.item_id = own_item.item_id
    left join items as base_item
        on split_part(pairs.item_id, '/', 1) || '/' || split_part(pairs.item_id, '/', 2) = base_item.item_id
),

final as (
    select
        described.item_id,
        described.warehouse_id,
        moved.first_movement_date,
        moved.last_movement_date,
        moved.last_demand_date,
        coalesce(items.item_code, split_part(described.item_id, '/', 2)) as item_code,
        coalesce(warehouses.warehouse_code, split_part(described.warehouse_id, '/', 2)) as warehouse_code,
        items.category_name,
        items.base_uom,
        coalesce(
            warehouse_costs.unit_cost,
            company_costs.unit_cost,
            receipt_costs.unit_cost,
            receipt_costs_anywhere.unit_cost,
            items.standard_cost
        ) as unit_cost_latest,
        coalesce(sale_prices.unit_price, items.list_price) as unit_price,
        coalesce(items.default_supplier_id, order_suppliers.supplier_id) as default_supplier_id,
        items.moq_units,
        items.order_multiple_units,
        coalesce(items.lead_time_days, suppliers.lead_time_days) as lead_time_days_master,
        items.shelf_life_days,
        coalesce(items.is_stocked, true) as is_stocked,
        coalesce(items.is_active, true)
        and coalesce(warehouses.is_active, true)
        and coalesce(items.discontinued_date > run_parameters.as_of_date, true) as is_active,
        coalesce(items.owner_name, warehouses.manager_name) as owner_name,
        teams.team_name
    from described
    cross join run_parameters
    left join moved on described.item_id = moved.item_id and described.warehouse_id = moved.warehouse_id
    left join items on described.described_by = items.item_id
    left join warehouses on described.warehouse_id = warehouses.warehouse_id
    left join teams on coalesce(items.owner_name, warehouses.manager_name) = teams.owner_name
    left join item_costs as warehouse_costs
        on described.item_id = warehouse_costs.item_id and described.warehouse_id = warehouse_costs.warehouse_id
    left join item_costs as company_costs
        on described.item_id = company_costs.item_id and company_costs.warehouse_id = ''
    left join receipt_costs
        on described.item_id = receipt_costs.item_id and described.warehouse_id = receipt_costs.warehouse_id
    left join receipt_costs_anywhere on described.item_id = receipt_costs_anywhere.item_id
    left join sale_prices on described.item_id = sale_prices.item_id
    left join order_suppliers on described.item_id = order_suppliers.item_id
    left join suppliers
        on coalesce(items.default_supplier_id, order_suppliers.supplier_id) = suppliers.supplier_id
)

select * from final
