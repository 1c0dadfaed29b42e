-- Where along the way from the supplier to the customer do orders begin to swing, and which habit makes them? Per item and place, over
-- the last 24 whole months: what it ordered (or had sent) against what it had to deliver, to customers and to the places it feeds.
-- What orders swing more than deliveries is taken apart: orders far above the usual one (cut to 2.5 times the median), few
-- orders in place of many (each spread evenly until the next one), and what is left: orders that follow demand too far.
with order_lines as (
    select * from {{ ref('stg_purchase_order_lines') }}
),

demand as (
    select * from {{ ref('int_demand_daily') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

supply_network as (
    select * from {{ source('planning', 'supply_network') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

bounds as (
    select
        {{ month_start(add_days(month_start('as_of_date'), -730)) }} as from_date,
        {{ month_start('as_of_date') }} as until_date
    from run_parameters
),

moves as (
    select
        movements.item_id,
        movements.warehouse_id,
        movements.counterpart_warehouse_id,
        movements.business_date,
        movements.quantity_units
    from movements
    cross join bounds
    where
        movements.movement_type = 'transfer_in' and movements.quantity_units > 0
        and movements.business_date >= bounds.from_date and movements.business_date < bounds.until_date
),

inflow as (
    select
        order_lines.item_id,
        order_lines.warehouse_id,
        'purchase' as order_kind,
        order_lines.order_date,
        order_lines.ordered_units,
        order_lines.unit_price
    from order_lines
    cross join bounds
    where
        order_lines.doc_status in ('submitted', 'approved', 'posted', 'closed')
        and order_lines.ordered_units > 0
        and order_lines.order_date >= bounds.from_date and order_lines.order_date < bounds.until_date
    union all
    select
        item_id,
        warehouse_id,
        'transfer' as order_kind,
        business_date as order_date,
        quantity_units as ordered_units,
        cast(null as decimal(28, 8)) as unit_price
    from moves
),

-- An order is what was ordered on one day.
orders as (
    select
        item_id,
        warehouse_id,
        order_date,
        cast(sum(ordered_units) as double) as units,
        cast(sum(case when order_kind = 'purchase' then ordered_units else 0 end) as double) as purchased_units,
        cast(sum(unit_price * ordered_units) / nullif(sum(case when unit_price is not null then ordered_units end), 0) as double) as price
    from inflow
    group by item_id, warehouse_id, order_date
),

usual as (
    select
        item_id,
        warehouse_id,
        median(units) as median_order_units,
        median(price) as median_price,
        count(*) as order_days,
        min(order_date) as first_order_date,
        sum(units) as ordered_units,
        sum(purchased_units) as purchased_units,
        max(units) as largest_order_units
    from orders
    group by item_id, warehouse_id
),

sized as (
    select
        orders.item_id,
        orders.warehouse_id,
        orders.order_date,
        orders.units,
        least(orders.units, 2.5 * usual.median_order_units) as usual_units,
        case when orders.price <= 0.97 * usual.median_price then 1 else 0 end as is_cheap,
        coalesce(
            lead(orders.order_date) over (partition by orders.item_id, orders.warehouse_id order by orders.order_date),
            bounds.until_date
        ) as next_order_date
    from orders
    inner join usual on orders.item_id = usual.item_id and orders.warehouse_id = usual.warehouse_id
    cross join bounds
),

months as (
    select
        usual.item_id,
        usual.warehouse_id,
        cast({{ unnest_months(month_start('usual.first_order_date'), add_days('bounds.until_date', -1)) }} as date) as month_start_date
    from usual
    cross join bounds
),

ordered as (
    select
        item_id,
        warehouse_id,
        {{ month_start('order_date') }} as month_start_date,
        sum(units) as units,
        sum(usual_units) as usual_units
    from sized
    group by item_id, warehouse_id, {{ month_start('order_date') }}
),

-- The days of the month that an order lasts until the next one, as a share of all its days.
spread as (
    select
        months.item_id,
        months.warehouse_id,
        months.month_start_date,
        sum(
            sized.usual_units
            * {{
                days_between(
                    'greatest(sized.order_date, months.month_start_date)',
                    'least(sized.next_order_date, ' ~ add_days(month_end('months.month_start_date'), 1) ~ ')'
                )
            }}
            / cast({{ days_between('sized.order_date', 'sized.next_order_date') }} as double)
        ) as units
    from months
    inner join sized
        on
            months.item_id = sized.item_id and months.warehouse_id = sized.warehouse_id
            and sized.order_date < {{ add_days(month_end('months.month_start_date'), 1) }}
            and months.month_start_date < sized.next_order_date
    group by months.item_id, months.warehouse_id, months.month_start_date
),

outflow as (
    select
        item_id,
        warehouse_id,
        business_date,
        cast(demand_units as double) as units
    from demand
    union all
    select
        item_id,
        counterpart_warehouse_id as warehouse_id,
        business_date,
        cast(quantity_units as double) as units
    from moves
    where counterpart_warehouse_id is not null
),

faced as (
    select
        item_id,
        warehouse_id,
        {{ month_start('business_date') }} as month_start_date,
        sum(units) as units
    from outflow
    group by item_id, warehouse_id, {{ month_start('business_date') }}
),

swings as (
    select
        months.item_id,
        months.warehouse_id,
        count(*) as months,
        sum(coalesce(faced.units, 0)) as faced_units,
        var_samp(coalesce(ordered.units, 0)) as order_variance,
        var_samp(coalesce(ordered.usual_units, 0)) as usual_variance,
        var_samp(coalesce(spread.units, 0)) as spread_variance,
        var_samp(coalesce(faced.units, 0)) as faced_variance
    from months
    left join ordered
        on
            months.item_id = ordered.item_id and months.warehouse_id = ordered.warehouse_id
            and months.month_start_date = ordered.month_start_date
    left join spread
        on
            months.item_id = spread.item_id and months.warehouse_id = spread.warehouse_id
            and months.month_start_date = spread.month_start_date
    left join faced
        on
            months.item_id = faced.item_id and months.warehouse_id = faced.warehouse_id
            and months.month_start_date = faced.month_start_date
    group by months.item_id, months.warehouse_id
),

-- Of the units above 2.5 usual orders, those that were bought at a lower price.
bulk as (
    select
        item_id,
        warehouse_id,
        sum(units - usual_units) as bulk_units,
        sum((units - usual_units) * is_cheap) as cheap_bulk_units
    from sized
    group by item_id, warehouse_id
),

parted as (
    select
        swings.*,
        usual.order_days,
        usual.ordered_units,
        usual.purchased_units,
        usual.median_order_units,
        usual.largest_order_units,
        cast({{ days_between('usual.first_order_date', 'bounds.until_date') }} as double) / usual.order_days as order_interval_days,
        coalesce(supply_network.stage_no, 0) as stage_no,
        cast(item_warehouses.moq_units as double) as moq_units,
        bulk.cheap_bulk_units,
        bulk.bulk_units,
        greatest(swings.order_variance - swings.usual_variance, 0) as bulk_variance,
        greatest(least(swings.order_variance, swings.usual_variance) - swings.spread_variance, 0) as batch_variance,
        greatest(least(swings.order_variance, swings.usual_variance, swings.spread_variance) - swings.faced_variance, 0)
            as reaction_variance,
        {{ ratio('swings.order_variance', 'swings.faced_variance') }} as swing_ratio
    from swings
    inner join usual on swings.item_id = usual.item_id and swings.warehouse_id = usual.warehouse_id
    inner join bulk on swings.item_id = bulk.item_id and swings.warehouse_id = bulk.warehouse_id
    cross join bounds
    left join supply_network
        on swings.item_id = supply_network.item_id and swings.warehouse_id = supply_network.warehouse_id
    left join item_warehouses
        on swings.item_id = item_warehouses.item_id and swings.warehouse_id = item_warehouses.warehouse_id
),

final as (
    select
        item_id,
        warehouse_id,
        cast(stage_no as bigint) as stage_no,
        case when purchased_units * 2 >= ordered_units then 'purchase' else 'transfer' end as order_kind,
        cast(months as bigint) as months,
        cast(order_days as bigint) as order_days,
        round(order_interval_days, 6) as order_interval_days,
        {{ as_units('ordered_units') }} as ordered_units,
        {{ as_units('faced_units') }} as faced_units,
        {{ as_units('median_order_units') }} as median_order_units,
        {{ as_units('largest_order_units') }} as largest_order_units,
        round(order_variance, 6) as order_variance,
        round(faced_variance, 6) as faced_variance,
        round(bulk_variance, 6) as bulk_variance,
        round(batch_variance, 6) as batch_variance,
        round(reaction_variance, 6) as reaction_variance,
        case when months >= 6 then swing_ratio end as stage_ratio,
        case
            when months < 6 then 'not_available: fewer than six months of orders'
            when faced_variance > 0 then 'ok'
            else 'not_available: what was delivered does not vary'
        end as stage_ratio_status,
        case
            when months < 6 or not faced_variance > 0 then null
            when swing_ratio <= 1.2 or bulk_variance + batch_variance + reaction_variance <= 0 then 'none'
            when bulk_variance >= greatest(batch_variance, reaction_variance)
                then case when cheap_bulk_units * 2 > bulk_units then 'cheap_bulk_orders' else 'bulk_orders' end
            when batch_variance >= reaction_variance
                then
                    case
                        -- a supplier's smallest order does not bind what is moved
                        when purchased_units * 2 >= ordered_units and median_order_units <= 1.05 * moq_units then 'minimum_order'
                        else 'few_large_orders'
                    end
            else 'overreaction'
        end as order_pattern
    from parted
)

select * from final
