-- Turnover per item, warehouse and month: a period of the company's calendar. The average is weighted by days; days of the month before
-- the first movement hold nothing.
with balances as (
    select * from {{ ref('fct_stock_balances') }}
),

entries as (
    select * from {{ ref('fct_value_entries') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

fiscal_days as (
    select * from {{ ref('int_fiscal_days') }}
),

-- The periods that hold a balance, and no other: a company has 250 of them and most intervals are in one.
months as (
    select
        periods.company_code,
        periods.period_start_date as month_start_date,
        periods.period_end_date,
        run_parameters.as_of_date
    from {{ ref('int_fiscal_periods') }} as periods
    cross join run_parameters
    where
        periods.period_start_date <= run_parameters.as_of_date
        and periods.period_end_date >= (select min(balances.valid_from_date) from balances)
),

parts as (
    select
        balances.*,
        months.month_start_date,
        least(months.period_end_date, months.as_of_date) as period_end_date
    from balances
    inner join months
        on
            {{ company_of('balances.item_id') }} = months.company_code
            and balances.valid_from_date <= months.period_end_date
            and balances.valid_to_date >= months.month_start_date
),

held as (
    select
        item_id,
        warehouse_id,
        month_start_date,
        period_end_date,
        {{ days_between('month_start_date', 'period_end_date') }} + 1 as period_days,
        sum(inventory_value * {{ overlap_days('valid_from_date', 'valid_to_date', 'month_start_date', 'period_end_date') }})
            as value_days,
        sum(on_hand_units * {{ overlap_days('valid_from_date', 'valid_to_date', 'month_start_date', 'period_end_date') }})
            as unit_days,
        sum(case when valid_to_date >= period_end_date then inventory_value else 0 end) as ending_value,
        sum(case when valid_to_date >= period_end_date then on_hand_units else 0 end) as ending_units,
        max(case when value_status <> 'ok' then value_status end) as missing_value_status
    from parts
    group by item_id, warehouse_id, month_start_date, period_end_date
),

sold as (
    select
        entries.item_id,
        entries.warehouse_id,
        {{ fiscal_start('fiscal_days', 'entries.business_date') }} as month_start_date,
        -sum(coalesce(entries.entry_value, 0)) as cogs_value,
        -sum(entries.quantity_units) as cogs_units,
        sum(entries.uncosted_units) as uncosted_cogs_units
    from entries
    left join fiscal_days on {{ on_fiscal_day('fiscal_days', 'entries.item_id', 'entries.business_date') }}
    where entries.is_cogs
    group by entries.item_id, entries.warehouse_id, {{ fiscal_start('fiscal_days', 'entries.business_date') }}
),

measured as (
    select
        held.item_id,
        held.warehouse_id,
        held.month_start_date,
        held.period_end_date,
        held.period_days,
        held.value_days,
        held.unit_days,
        held.ending_value,
        held.ending_units,
        coalesce(lag(held.ending_value) over grain, 0) as opening_value,
        coalesce(lag(held.ending_units) over grain, 0) as opening_units,
        (coalesce(lag(held.ending_value) over grain, 0) + held.ending_value) / 2 as month_end_points_value,
        coalesce(sold.cogs_value, 0) as cogs_value,
        coalesce(sold.cogs_units, 0) as cogs_units,
        coalesce(sold.uncosted_cogs_units, 0) as uncosted_cogs_units,
        coalesce(held.missing_value_status, 'ok') as value_status
    from held
    left join sold
        on
            held.item_id = sold.item_id
            and held.warehouse_id = sold.warehouse_id
            and held.month_start_date = sold.month_start_date
    window grain as (partition by held.item_id, held.warehouse_id order by held.month_start_date)
),

averaged as (
    {{ turnover_averages('measured') }}
),

final as (
    select
        item_id,
        warehouse_id,
        month_start_date,
        period_end_date,
        period_days,
        case when value_status = 'ok' then {{ as_value('opening_value') }} end as opening_inventory_value,
        {{ turnover_columns() }}
    from averaged
)

select * from final
