-- Days without available stock while the item is alive (until dead_days after its last demand), and the sales lost on them.
with balances as (
    select * from {{ ref('int_item_warehouse_balances') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

demand as (
    select * from {{ ref('int_demand_daily') }}
),

demand_history as (
    select * from {{ source('planning', 'demand_history') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

last_demands as (
    select
        item_id,
        warehouse_id,
        max(case when demand_units > 0 then business_date end) as last_demand_date
    from demand
    group by item_id, warehouse_id
),

alive as (
    select
        balances.item_id,
        balances.warehouse_id,
        balances.available_units,
        balances.valid_from_date,
        least(
            balances.valid_to_date,
            {{ add_days('last_demands.last_demand_date', 'run_parameters.dead_days') }}
        ) as valid_to_date,
        run_parameters.as_of_date
    from balances
    cross join run_parameters
    inner join item_warehouses
        on balances.item_id = item_warehouses.item_id and balances.warehouse_id = item_warehouses.warehouse_id
    inner join last_demands
        on balances.item_id = last_demands.item_id and balances.warehouse_id = last_demands.warehouse_id
    where
        item_warehouses.is_stocked
        and item_warehouses.is_active
        and balances.valid_from_date <= {{ add_days('last_demands.last_demand_date', 'run_parameters.dead_days') }}
),

interval_months as (
    select
        *,
        cast({{ unnest_months('valid_from_date', 'valid_to_date') }} as date) as month_start_date
    from alive
),

parts as (
    select
        item_id,
        warehouse_id,
        month_start_date,
        available_units,
        {{ overlap_days('valid_from_date', 'valid_to_date', 'month_start_date', month_end('month_start_date')) }} as held_days
    from interval_months
),

counted as (
    select
        item_id,
        warehouse_id,
        month_start_date,
        sum(held_days) as active_days,
        sum(case when available_units <= 0 then held_days else 0 end) as stockout_days
    from parts
    group by item_id, warehouse_id, month_start_date
),

lost as (
    select
        item_id,
        warehouse_id,
        {{ month_start('cast(period_start_date as date)') }} as month_start_date,
        sum(cast(greatest(demand_units_imputed - shipped_units, 0) as decimal(28, 6))) as lost_sales_units
    from demand_history
    where is_censored
    group by item_id, warehouse_id, {{ month_start('cast(period_start_date as date)') }}
),

final as (
    select
        counted.item_id,
        counted.warehouse_id,
        counted.month_start_date,
        cast(counted.active_days as bigint) as active_days,
        cast(counted.stockout_days as bigint) as stockout_days,
        {{ ratio('counted.stockout_days', 'counted.active_days') }} as stockout_day_rate,
        {{ as_units('coalesce(lost.lost_sales_units, 0)') }} as lost_sales_units
    from counted
    left join lost
        on
            counted.item_id = lost.item_id
            and counted.warehouse_id = lost.warehouse_id
            and counted.month_start_date = lost.month_start_date
)

select * from final
