-- Days without available stock while the item is alive, and the sales lost on them, by month.
with active_balances as (
    select * from {{ ref('int_active_balances') }}
),

lost_sales as (
    select * from {{ ref('fct_lost_sales') }}
),

interval_months as (
    select
        *,
        cast({{ unnest_months('valid_from_date', 'valid_to_date') }} as date) as month_start_date
    from active_balances
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

-- A period that reaches into two months is split by days.
lost as (
    select
        counted.item_id,
        counted.warehouse_id,
        counted.month_start_date,
        sum(lost_sales.lost_sales_units * {{ share_of_period(
            'lost_sales', 'counted.month_start_date', month_end('counted.month_start_date')
        ) }}) as lost_sales_units
    from counted
    inner join lost_sales
        on
            counted.item_id = lost_sales.item_id
            and counted.warehouse_id = lost_sales.warehouse_id
            and counted.month_start_date <= lost_sales.period_end_date
            and {{ month_end('counted.month_start_date') }} >= lost_sales.period_start_date
    group by counted.item_id, counted.warehouse_id, counted.month_start_date
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
