-- Do we order in bigger swings than our customers? Variance of what was ordered from a supplier over variance of demand,
-- month by month, per item and supplier over the last 24 whole months; and how long each purchase would last at the
-- demand of the year before it.
with order_lines as (
    select * from {{ ref('stg_purchase_order_lines') }}
),

demand as (
    select * from {{ ref('int_demand_daily') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

orders as (
    select
        order_lines.item_id,
        order_lines.supplier_id,
        order_lines.order_date,
        order_lines.ordered_units,
        order_lines.po_no,
        order_lines.po_line_id
    from order_lines
    cross join run_parameters
    where
        order_lines.doc_status in ('submitted', 'approved', 'posted', 'closed')
        and order_lines.ordered_units > 0
        and order_lines.order_date < {{ month_start('run_parameters.as_of_date') }}
        and order_lines.order_date >= {{ add_days(month_start('run_parameters.as_of_date'), -730) }}
),

pairs as (
    select
        item_id,
        supplier_id,
        min({{ month_start('order_date') }}) as first_month
    from orders
    group by item_id, supplier_id
),

demand_months as (
    select
        item_id,
        {{ month_start('business_date') }} as month_start_date,
        sum(demand_units) as demand_units
    from demand
    group by item_id, {{ month_start('business_date') }}
),

order_months as (
    select
        item_id,
        supplier_id,
        {{ month_start('order_date') }} as month_start_date,
        sum(ordered_units) as ordered_units,
        count(*) as order_lines
    from orders
    group by item_id, supplier_id, {{ month_start('order_date') }}
),

-- Every month from the first order on, also those in which nothing was ordered or sold.
months as (
    select
        pairs.item_id,
        pairs.supplier_id,
        cast({{ unnest_months('pairs.first_month', add_days(month_start('run_parameters.as_of_date'), -1)) }} as date) as month_start_date
    from pairs
    cross join run_parameters
),

swings as (
    select
        months.item_id,
        months.supplier_id,
        count(*) as months,
        sum(coalesce(order_months.order_lines, 0)) as order_lines,
        sum(coalesce(order_months.ordered_units, 0)) as ordered_units,
        sum(coalesce(demand_months.demand_units, 0)) as demand_units,
        var_samp(cast(coalesce(order_months.ordered_units, 0) as double)) as order_variance,
        var_samp(cast(coalesce(demand_months.demand_units, 0) as double)) as demand_variance
    from months
    left join order_months
        on
            months.item_id = order_months.item_id
            and months.supplier_id = order_months.supplier_id
            and months.month_start_date = order_months.month_start_date
    left join demand_months
        on months.item_id = demand_months.item_id and months.month_start_date = demand_months.month_start_date
    group by months.item_id, months.supplier_id
),

-- Demand of the 365 days before each purchase, as far as there were any.
demand_before as (
    select
        orders.item_id,
        orders.supplier_id,
        orders.po_no,
        orders.po_line_id,
        orders.ordered_units,
        sum(demand.demand_units) / greatest(least({{ days_between('min(demand.business_date)', 'orders.order_date') }}, 365), 1)
            as daily_units
    from orders
    inner join demand
        on
            orders.item_id = demand.item_id
            and orders.order_date > demand.business_date
            and demand.business_date >= {{ add_days('orders.order_date', -365) }}
    group by orders.item_id, orders.supplier_id, orders.po_no, orders.po_line_id, orders.ordered_units, orders.order_date
),

covers as (
    select
        item_id,
        supplier_id,
        sum(ordered_units) as covered_units,
        sum(ordered_units * ordered_units / nullif(daily_units, 0)) as cover_unit_days,
        max(ordered_units / nullif(daily_units, 0)) as longest_cover_days
    from demand_before
    where daily_units > 0
    group by item_id, supplier_id
),

final as (
    select
        swings.item_id,
        swings.supplier_id,
        cast(swings.months as bigint) as months,
        cast(swings.order_lines as bigint) as order_lines,
        {{ as_units('swings.ordered_units') }} as ordered_units,
        {{ as_units('swings.demand_units') }} as demand_units,
        round(swings.order_variance, 6) as order_variance,
        round(swings.demand_variance, 6) as demand_variance,
        case when swings.months >= 6 then {{ ratio('swings.order_variance', 'swings.demand_variance') }} end as bullwhip_ratio,
        case
            when swings.months < 6 then 'not_available: fewer than six months of orders'
            when swings.demand_variance > 0 then 'ok'
            else 'not_available: demand does not vary'
        end as bullwhip_status,
        {{ ratio('covers.cover_unit_days', 'covers.covered_units') }} as order_cover_days,
        round(cast(covers.longest_cover_days as double), 6) as longest_order_cover_days
    from swings
    left join covers on swings.item_id = covers.item_id and swings.supplier_id = covers.supplier_id
)

select * from final
