-- Days without available stock while the item is alive, and the sales lost on them, by month: a period of the company's calendar.
with active_balances as (
    select * from {{ ref('int_active_balances') }}
),

lost_sales as (
    select * from {{ ref('fct_lost_sales') }}
),

months as (
    select
        company_code,
        period_start_date as month_start_date,
        period_end_date as month_end_date
    from {{ ref('int_fiscal_periods') }}
    where
        period_end_date >= (select min(active_balances.valid_from_date) from active_balances)
        and period_start_date <= (select max(active_balances.valid_to_date) from active_balances)
),

parts as (
    select
        active_balances.item_id,
        active_balances.warehouse_id,
        months.month_start_date,
        months.month_end_date,
        active_balances.available_units,
        {{ overlap_days(
            'active_balances.valid_from_date', 'active_balances.valid_to_date', 'months.month_start_date', 'months.month_end_date'
        ) }} as held_days
    from active_balances
    inner join months
        on
            {{ company_of('active_balances.item_id') }} = months.company_code
            and active_balances.valid_from_date <= months.month_end_date
            and active_balances.valid_to_date >= months.month_start_date
),

counted as (
    select
        item_id,
        warehouse_id,
        month_start_date,
        month_end_date,
        sum(held_days) as active_days,
        sum(case when available_units <= 0 then held_days else 0 end) as stockout_days
    from parts
    group by item_id, warehouse_id, month_start_date, month_end_date
),

-- A period that reaches into two months is split by days.
lost as (
    select
        counted.item_id,
        counted.warehouse_id,
        counted.month_start_date,
        sum(lost_sales.lost_sales_units * {{ share_of_period(
            'lost_sales', 'counted.month_start_date', 'counted.month_end_date'
        ) }}) as lost_sales_units
    from counted
    inner join lost_sales
        on
            counted.item_id = lost_sales.item_id
            and counted.warehouse_id = lost_sales.warehouse_id
            and counted.month_start_date <= lost_sales.period_end_date
            and counted.month_end_date >= lost_sales.period_start_date
    group by counted.item_id, counted.warehouse_id, counted.month_start_date
),

final as (
    select
        counted.item_id,
        counted.warehouse_id,
        counted.month_start_date,
        counted.month_end_date,
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
