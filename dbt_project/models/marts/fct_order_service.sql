-- Service per item, warehouse and month (a period of the company's calendar) of the requested (promised) date; rates
-- with their numerators and denominators.
with order_lines as (
    select * from {{ ref('int_order_lines') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

fiscal_days as (
    select * from {{ ref('int_fiscal_days') }}
),

requested as (
    select
        order_lines.item_id,
        order_lines.warehouse_id,
        {{ fiscal_start('fiscal_days', 'order_lines.requested_date') }} as month_start_date,
        {{ fiscal_end('fiscal_days', 'order_lines.requested_date') }} as month_end_date,
        sum(case when order_lines.is_due then 1 else 0 end) as due_lines,
        sum(case when order_lines.is_stockout then 1 else 0 end) as stockout_lines,
        sum(order_lines.ordered_units) as ordered_units,
        sum(order_lines.cancelled_units) as cancelled_units,
        sum(order_lines.due_units) as due_units,
        sum(order_lines.on_time_units) as on_time_units
    from order_lines
    cross join run_parameters
    left join fiscal_days on {{ on_fiscal_day('fiscal_days', 'order_lines.item_id', 'order_lines.requested_date') }}
    where order_lines.requested_date <= run_parameters.as_of_date
    group by
        order_lines.item_id,
        order_lines.warehouse_id,
        {{ fiscal_start('fiscal_days', 'order_lines.requested_date') }},
        {{ fiscal_end('fiscal_days', 'order_lines.requested_date') }}
),

promised as (
    select
        order_lines.item_id,
        order_lines.warehouse_id,
        {{ fiscal_start('fiscal_days', 'order_lines.promised_date') }} as month_start_date,
        {{ fiscal_end('fiscal_days', 'order_lines.promised_date') }} as month_end_date,
        count(*) as promised_lines,
        sum(case when order_lines.is_on_time then 1 else 0 end) as on_time_lines
    from order_lines
    left join fiscal_days on {{ on_fiscal_day('fiscal_days', 'order_lines.item_id', 'order_lines.promised_date') }}
    where order_lines.is_promise_due
    group by
        order_lines.item_id,
        order_lines.warehouse_id,
        {{ fiscal_start('fiscal_days', 'order_lines.promised_date') }},
        {{ fiscal_end('fiscal_days', 'order_lines.promised_date') }}
),

months as (
    select
        item_id,
        warehouse_id,
        month_start_date,
        month_end_date
    from requested
    union distinct
    select
        item_id,
        warehouse_id,
        month_start_date,
        month_end_date
    from promised
),

final as (
    select
        months.item_id,
        months.warehouse_id,
        months.month_start_date,
        months.month_end_date,
        cast(coalesce(requested.due_lines, 0) as bigint) as due_lines,
        cast(coalesce(requested.stockout_lines, 0) as bigint) as stockout_lines,
        {{ as_units('coalesce(requested.ordered_units, 0)') }} as ordered_units,
        {{ as_units('coalesce(requested.cancelled_units, 0)') }} as cancelled_units,
        {{ as_units('coalesce(requested.due_units, 0)') }} as due_units,
        {{ as_units('coalesce(requested.on_time_units, 0)') }} as on_time_units,
        cast(coalesce(promised.promised_lines, 0) as bigint) as promised_lines,
        cast(coalesce(promised.on_time_lines, 0) as bigint) as on_time_lines,
        {{ ratio('requested.stockout_lines', 'requested.due_lines') }} as stockout_line_rate,
        {{ ratio('requested.on_time_units', 'requested.due_units') }} as fill_rate,
        {{ ratio('promised.on_time_lines', 'promised.promised_lines') }} as on_time_delivery_rate
    from months
    left join requested
        on
            months.item_id = requested.item_id
            and months.warehouse_id = requested.warehouse_id
            and months.month_start_date = requested.month_start_date
    left join promised
        on
            months.item_id = promised.item_id
            and months.warehouse_id = promised.warehouse_id
            and months.month_start_date = promised.month_start_date
)

select * from final
