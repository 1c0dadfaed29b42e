-- Balances of stocked, active items while they are missed when they are gone: until dead_days after their last demand.
with balances as (
    select * from {{ ref('int_item_warehouse_balances') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

demand as (
    select * from {{ ref('int_demand_daily') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

last_demands as (
    select
        demand.item_id,
        demand.warehouse_id,
        {{ add_days('max(demand.business_date)', 'max(run_parameters.dead_days)') }} as active_to_date
    from demand
    cross join run_parameters
    where demand.demand_units > 0
    group by demand.item_id, demand.warehouse_id
),

final as (
    select
        balances.item_id,
        balances.warehouse_id,
        balances.valid_from_date,
        least(balances.valid_to_date, last_demands.active_to_date) as valid_to_date,
        balances.available_units,
        last_demands.active_to_date
    from balances
    inner join item_warehouses
        on balances.item_id = item_warehouses.item_id and balances.warehouse_id = item_warehouses.warehouse_id
    inner join last_demands
        on balances.item_id = last_demands.item_id and balances.warehouse_id = last_demands.warehouse_id
    where
        item_warehouses.is_stocked
        and item_warehouses.is_active
        and balances.valid_from_date <= last_demands.active_to_date
)

select * from final
