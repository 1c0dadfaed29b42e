-- How dead stock came about, by replaying the day on which each part of it arrived: what was there, what was sold before and after, what
-- the supplier's lot was, what was cancelled. One row per item, warehouse and arrival; the first cause that fits, in the order written.
with layers as (
    select * from {{ ref('fct_stock_layers') }}
),

health as (
    select * from {{ ref('fct_inventory_health') }}
),

movements as (
    select * from {{ ref('fct_stock_movements') }}
),

balances as (
    select * from {{ ref('fct_stock_balances') }}
),

order_lines as (
    select * from {{ ref('stg_sales_order_lines') }}
),

item_warehouses as (
    select * from {{ ref('dim_item_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

-- Dead stock as it lies there, by the day it arrived and the document it came from.
parts as (
    select
        layers.item_id,
        layers.warehouse_id,
        layers.arrived_date,
        layers.origin_movement_key,
        min(layers.origin_date) as origin_date,
        min(layers.origin_doc_no) as origin_doc_no,
        min(layers.origin_source_file) as origin_source_file,
        min(layers.origin_source_row) as origin_source_row,
        sum(layers.quantity_units) as dead_units,
        case when count(*) = count(layers.layer_value) then sum(layers.layer_value) end as dead_value,
        max(health.idle_days) as idle_days,
        max(run_parameters.as_of_date) as as_of_date,
        max(run_parameters.dead_days) as dead_days
    from layers
    cross join run_parameters
    inner join health
        on layers.item_id = health.item_id and layers.warehouse_id = health.warehouse_id and health.is_dead
    where layers.snapshot_date = run_parameters.as_of_date and not layers.is_in_transit and layers.quantity_units > 0
    group by layers.item_id, layers.warehouse_id, layers.arrived_date, layers.origin_movement_key
),

-- What brought it in on that day: the document of origin where it came straight here, else the largest inward movement of the day.
arrivals as (
    select
        parts.item_id,
        parts.warehouse_id,
        parts.arrived_date,
        parts.origin_movement_key,
        coalesce(
            max(case when movements.movement_key = parts.origin_movement_key then movements.movement_type end),
            max_by(movements.movement_type, movements.quantity_units)
        ) as arrival_type,
        coalesce(
            max(case when movements.movement_key = parts.origin_movement_key then movements.doc_no end),
            max_by(movements.doc_no, movements.quantity_units)
        ) as arrival_doc_no,
        sum(movements.quantity_units) as arrived_units
    from parts
    inner join movements
        on
            parts.item_id = movements.item_id
            and parts.warehouse_id = movements.warehouse_id
            and parts.arrived_date = movements.business_date
            and movements.quantity_units > 0
    group by parts.item_id, parts.warehouse_id, parts.arrived_date, parts.origin_movement_key
),

days as (
    select distinct
        item_id,
        warehouse_id,
        arrived_date,
        as_of_date
    from parts
),

-- Demand of the year before the arrival and since, here and elsewhere.
demand as (
    select
        days.item_id,
        days.warehouse_id,
        days.arrived_date,
        min(case when movements.warehouse_id = days.warehouse_id then movements.business_date end) as first_date,
        sum(case
            when
                movements.warehouse_id = days.warehouse_id and movements.is_demand
                and movements.business_date < days.arrived_date
                and movements.business_date >= {{ add_days('days.arrived_date', -365) }}
                then -movements.quantity_units
            else 0
        end) as before_units,
        sum(case
            when
                movements.warehouse_id = days.warehouse_id and movements.is_demand
                and movements.business_date >= days.arrived_date
                then -movements.quantity_units
            else 0
        end) as since_units,
        sum(case
            when
                movements.warehouse_id <> days.warehouse_id and movements.is_demand
                and movements.business_date >= days.arrived_date
                then -movements.quantity_units
            else 0
        end) as elsewhere_since_units
    from days
    inner join movements on days.item_id = movements.item_id
    group by days.item_id, days.warehouse_id, days.arrived_date
),

-- Orders wanted within the year around the arrival that were cancelled, wholly or in part.
cancelled as (
    select
        days.item_id,
        days.warehouse_id,
        days.arrived_date,
        sum(case
            when order_lines.doc_status in ('cancelled', 'void') then order_lines.ordered_units
            else coalesce(order_lines.cancelled_units, 0)
        end) as cancelled_units,
        min(order_lines.so_no) as cancelled_so_no
    from days
    inner join order_lines
        on
            days.item_id = order_lines.item_id
            and days.warehouse_id = order_lines.warehouse_id
            and coalesce(order_lines.requested_date, order_lines.order_date)
            between {{ add_days('days.arrived_date', -90) }} and {{ add_days('days.arrived_date', 365) }}
    where order_lines.doc_status in ('cancelled', 'void') or order_lines.cancelled_units > 0
    group by days.item_id, days.warehouse_id, days.arrived_date
),

joined as (
    select
        parts.*,
        arrivals.arrival_type,
        arrivals.arrival_doc_no,
        arrivals.arrived_units,
        coalesce(balances.on_hand_units, 0) as stock_before_units,
        coalesce(demand.before_units, 0) as before_units,
        coalesce(demand.since_units, 0) as since_units,
        coalesce(demand.elsewhere_since_units, 0) as elsewhere_since_units,
        greatest(least({{ days_between('demand.first_date', 'parts.arrived_date') }}, 365), 1) as before_days,
        greatest({{ days_between('parts.arrived_date', 'parts.as_of_date') }}, 1) as since_days,
        coalesce(cancelled.cancelled_units, 0) as cancelled_units,
        cancelled.cancelled_so_no,
        item_warehouses.moq_units
    from parts
    left join arrivals
        on
            parts.item_id = arrivals.item_id
            and parts.warehouse_id = arrivals.warehouse_id
            and parts.arrived_date = arrivals.arrived_date
            and parts.origin_movement_key = arrivals.origin_movement_key
    left join balances
        on
            parts.item_id = balances.item_id
            and parts.warehouse_id = balances.warehouse_id
            and {{ add_days('parts.arrived_date', -1) }} between balances.valid_from_date and balances.valid_to_date
    left join demand
        on
            parts.item_id = demand.item_id
            and parts.warehouse_id = demand.warehouse_id
            and parts.arrived_date = demand.arrived_date
    left join cancelled
        on
            parts.item_id = cancelled.item_id
            and parts.warehouse_id = cancelled.warehouse_id
            and parts.arrived_date = cancelled.arrived_date
    left join item_warehouses
        on parts.item_id = item_warehouses.item_id and parts.warehouse_id = item_warehouses.warehouse_id
),

rated as (
    select
        *,
        {{ ratio('before_units', 'before_days') }} as demand_before_daily_units,
        {{ ratio('since_units', 'since_days') }} as demand_since_daily_units,
        -- What the demand of the year before would have used up within the days after which stock is dead.
        before_units * dead_days / before_days as expected_use_units
    from joined
),

final as (
    select
        item_id,
        warehouse_id,
        arrived_date,
        origin_movement_key,
        as_of_date,
        {{ as_units('dead_units') }} as dead_units,
        {{ as_value('dead_value') }} as dead_value,
        cast(idle_days as bigint) as idle_days,
        case
            when arrival_type in ('sales_return', 'production_issue_return') then 'customer_return'
            when arrival_type in ('transfer_in', 'consignment_transfer_in') and elsewhere_since_units > since_units then 'wrong_transfer'
            when cancelled_units >= dead_units / 2 then 'cancelled_sale'
            when arrival_type in ('count_gain', 'adjustment_in') then 'found_in_count'
            when arrival_type = 'opening' then 'before_records'
            when
                moq_units > 0 and arrived_units <= moq_units and stock_before_units + arrived_units > expected_use_units
                then 'minimum_order'
            when stock_before_units + arrived_units > expected_use_units then 'over_purchase'
            else 'demand_died'
        end as cause,
        arrival_type,
        arrival_doc_no,
        {{ as_units('arrived_units') }} as arrived_units,
        {{ as_units('stock_before_units') }} as stock_before_units,
        demand_before_daily_units,
        demand_since_daily_units,
        {{ as_units('elsewhere_since_units') }} as demand_elsewhere_units,
        {{ as_units('expected_use_units') }} as expected_use_units,
        {{ ratio('stock_before_units + arrived_units', 'demand_before_daily_units') }} as cover_at_arrival_days,
        {{ as_units('moq_units') }} as moq_units,
        {{ as_units('cancelled_units') }} as cancelled_units,
        cancelled_so_no,
        origin_date,
        origin_doc_no,
        origin_source_file,
        origin_source_row
    from rated
)

select * from final
