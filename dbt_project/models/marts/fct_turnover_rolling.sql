-- Turnover per item and warehouse over the last 30, 90 and 365 days; a window is cut to the days that the ledger covers.
with balances as (
    select * from {{ ref('fct_stock_balances') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

entries as (
    select * from {{ ref('fct_value_entries') }}
),

monthly as (
    select * from {{ ref('fct_turnover_monthly') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

window_lengths as (
    select cast(30 as bigint) as window_days
    union all
    select 90 as window_days
    union all
    select 365 as window_days
),

ledger_start as (
    select min(business_date) as first_date from movements
),

windows as (
    select
        window_lengths.window_days,
        greatest({{ add_days('run_parameters.as_of_date', '1 - window_lengths.window_days') }}, ledger_start.first_date)
            as period_start_date,
        run_parameters.as_of_date as period_end_date
    from window_lengths
    cross join run_parameters
    cross join ledger_start
),

held as (
    select
        balances.item_id,
        balances.warehouse_id,
        windows.window_days,
        windows.period_start_date,
        windows.period_end_date,
        {{ days_between('windows.period_start_date', 'windows.period_end_date') }} + 1 as period_days,
        sum(balances.inventory_value * {{ overlap_days(
            'balances.valid_from_date', 'balances.valid_to_date', 'windows.period_start_date', 'windows.period_end_date'
        ) }}) as value_days,
        sum(balances.on_hand_units * {{ overlap_days(
            'balances.valid_from_date', 'balances.valid_to_date', 'windows.period_start_date', 'windows.period_end_date'
        ) }}) as unit_days,
        -- The opening figure is that of the evening before the window.
        sum(case
            when
                balances.valid_from_date < windows.period_start_date
                and balances.valid_to_date >= {{ add_days('windows.period_start_date', -1) }}
                then balances.inventory_value
            else 0
        end) as opening_value,
        sum(case when balances.valid_to_date >= windows.period_end_date then balances.inventory_value else 0 end)
            as ending_value,
        sum(case when balances.valid_to_date >= windows.period_end_date then balances.on_hand_units else 0 end)
            as ending_units,
        max(case when balances.value_status <> 'ok' then balances.value_status end) as missing_value_status
    from balances
    inner join windows on balances.valid_to_date >= {{ add_days('windows.period_start_date', -1) }}
    group by
        balances.item_id,
        balances.warehouse_id,
        windows.window_days,
        windows.period_start_date,
        windows.period_end_date
),

sold as (
    select
        entries.item_id,
        entries.warehouse_id,
        windows.window_days,
        -sum(coalesce(entries.entry_value, 0)) as cogs_value,
        -sum(entries.quantity_units) as cogs_units,
        sum(entries.uncosted_units) as uncosted_cogs_units
    from entries
    inner join windows on entries.business_date >= windows.period_start_date
    where entries.is_cogs
    group by entries.item_id, entries.warehouse_id, windows.window_days
),

month_ends as (
    select
        monthly.item_id,
        monthly.warehouse_id,
        windows.window_days,
        sum(monthly.ending_inventory_value) as points_value,
        count(*) as points
    from monthly
    inner join windows
        on monthly.period_end_date between windows.period_start_date and windows.period_end_date
    group by monthly.item_id, monthly.warehouse_id, windows.window_days
),

measured as (
    select
        held.item_id,
        held.warehouse_id,
        held.window_days,
        held.period_start_date,
        held.period_end_date,
        held.period_days,
        held.value_days,
        held.unit_days,
        held.opening_value,
        held.ending_value,
        held.ending_units,
        (held.opening_value + coalesce(month_ends.points_value, 0)) / (1 + coalesce(month_ends.points, 0))
            as month_end_points_value,
        coalesce(sold.cogs_value, 0) as cogs_value,
        coalesce(sold.cogs_units, 0) as cogs_units,
        coalesce(sold.uncosted_cogs_units, 0) as uncosted_cogs_units,
        coalesce(held.missing_value_status, 'ok') as value_status
    from held
    left join sold
        on
            held.item_id = sold.item_id
            and held.warehouse_id = sold.warehouse_id
            and held.window_days = sold.window_days
    left join month_ends
        on
            held.item_id = month_ends.item_id
            and held.warehouse_id = month_ends.warehouse_id
            and held.window_days = month_ends.window_days
),

averaged as (
    {{ turnover_averages('measured') }}
),

final as (
    select
        item_id,
        warehouse_id,
        window_days,
        period_start_date,
        period_end_date,
        period_days,
        case when value_status = 'ok' then {{ as_value('opening_value') }} end as opening_inventory_value,
        {{ turnover_columns() }}
    from averaged
)

select * from final
