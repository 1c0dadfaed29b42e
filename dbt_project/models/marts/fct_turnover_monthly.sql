-- Turnover per item, warehouse and month. The average is weighted by days; days of the month before the first movement hold nothing.
with balances as (
    select * from {{ ref('fct_stock_balances') }}
),

entries as (
    select * from {{ ref('fct_value_entries') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

interval_months as (
    select
        balances.*,
        run_parameters.as_of_date,
        cast({{ unnest_months('balances.valid_from_date', 'balances.valid_to_date') }} as date) as month_start_date
    from balances
    cross join run_parameters
),

parts as (
    select
        *,
        least({{ month_end('month_start_date') }}, as_of_date) as period_end_date
    from interval_months
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
        item_id,
        warehouse_id,
        {{ month_start('business_date') }} as month_start_date,
        -sum(coalesce(entry_value, 0)) as cogs_value,
        -sum(quantity_units) as cogs_units,
        sum(uncosted_units) as uncosted_cogs_units
    from entries
    where is_cogs
    group by item_id, warehouse_id, {{ month_start('business_date') }}
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
