-- Suppliers per month (a period of the company's calendar): order lines due (by due date) and parts received (by receipt date),
-- quantity-weighted lead time.
with purchase_lines as (
    select * from {{ ref('fct_purchase_lines') }}
),

lead_times as (
    select * from {{ ref('int_supplier_lead_times') }}
),

fiscal_days as (
    select * from {{ ref('int_fiscal_days') }}
),

due as (
    select
        purchase_lines.supplier_id,
        {{ fiscal_start('fiscal_days', 'purchase_lines.due_date') }} as month_start_date,
        {{ fiscal_end('fiscal_days', 'purchase_lines.due_date') }} as month_end_date,
        count(*) as due_lines,
        sum(case when purchase_lines.is_on_time then 1 else 0 end) as on_time_lines,
        sum(purchase_lines.ordered_units) as due_units,
        sum(purchase_lines.on_time_units) as on_time_units
    from purchase_lines
    left join fiscal_days on {{ on_fiscal_day('fiscal_days', 'purchase_lines.supplier_id', 'purchase_lines.due_date') }}
    where purchase_lines.is_due
    group by
        purchase_lines.supplier_id,
        {{ fiscal_start('fiscal_days', 'purchase_lines.due_date') }},
        {{ fiscal_end('fiscal_days', 'purchase_lines.due_date') }}
),

received as (
    select
        lead_times.supplier_id,
        {{ fiscal_start('fiscal_days', 'lead_times.receipt_date') }} as month_start_date,
        {{ fiscal_end('fiscal_days', 'lead_times.receipt_date') }} as month_end_date,
        count(*) as receipt_parts,
        sum(lead_times.received_units) as received_units,
        sum(lead_times.received_units * lead_times.lead_time_days) as lead_time_unit_days,
        sum(lead_times.received_units * lead_times.lead_time_days * lead_times.lead_time_days) as lead_time_squared_unit_days
    from lead_times
    left join fiscal_days on {{ on_fiscal_day('fiscal_days', 'lead_times.supplier_id', 'lead_times.receipt_date') }}
    group by
        lead_times.supplier_id,
        {{ fiscal_start('fiscal_days', 'lead_times.receipt_date') }},
        {{ fiscal_end('fiscal_days', 'lead_times.receipt_date') }}
),

months as (
    select
        supplier_id,
        month_start_date,
        month_end_date
    from due
    union distinct
    select
        supplier_id,
        month_start_date,
        month_end_date
    from received
),

joined as (
    select
        months.supplier_id,
        months.month_start_date,
        months.month_end_date,
        coalesce(due.due_lines, 0) as due_lines,
        coalesce(due.on_time_lines, 0) as on_time_lines,
        coalesce(due.due_units, 0) as due_units,
        coalesce(due.on_time_units, 0) as on_time_units,
        coalesce(received.receipt_parts, 0) as receipt_parts,
        coalesce(received.received_units, 0) as received_units,
        coalesce(received.lead_time_unit_days, 0) as lead_time_unit_days,
        coalesce(received.lead_time_squared_unit_days, 0) as lead_time_squared_unit_days
    from months
    left join due on months.supplier_id = due.supplier_id and months.month_start_date = due.month_start_date
    left join received
        on months.supplier_id = received.supplier_id and months.month_start_date = received.month_start_date
),

final as (
    select
        supplier_id,
        month_start_date,
        month_end_date,
        cast(due_lines as bigint) as due_lines,
        cast(on_time_lines as bigint) as on_time_lines,
        {{ as_units('due_units') }} as due_units,
        {{ as_units('on_time_units') }} as on_time_units,
        {{ ratio('on_time_lines', 'due_lines') }} as supplier_on_time_rate,
        cast(receipt_parts as bigint) as receipt_parts,
        {{ as_units('received_units') }} as received_units,
        {{ as_units('lead_time_unit_days') }} as lead_time_unit_days,
        {{ as_units('lead_time_squared_unit_days') }} as lead_time_squared_unit_days,
        {{ ratio('lead_time_unit_days', 'received_units') }} as lead_time_mean_days,
        -- Weighted population deviation; a rounding below zero is zero, and a month in which nothing came has none.
        case
            when received_units <> 0
                then round(sqrt(greatest(
                        cast(lead_time_squared_unit_days as double) / cast(received_units as double)
                        - power(cast(lead_time_unit_days as double) / cast(received_units as double), 2),
                        0
                    )), 6)
        end as lead_time_sd_days
    from joined
)

select * from final
