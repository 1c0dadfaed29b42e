-- Purchase order lines with what was received by their due date: the lines behind every figure of suppliers, each with its file and row.
with order_lines as (
    select * from {{ ref('stg_purchase_order_lines') }}
),

lead_times as (
    select * from {{ ref('int_supplier_lead_times') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

received as (
    select
        supplier_id,
        po_no,
        po_line_id,
        sum(received_units) as received_units,
        sum(case when receipt_date <= due_date then received_units else 0 end) as in_time_units,
        max(receipt_date) as last_receipt_date
    from lead_times
    group by supplier_id, po_no, po_line_id
),

final as (
    select
        order_lines.source_instance,
        order_lines.po_no,
        order_lines.po_line_id,
        order_lines.supplier_id,
        order_lines.item_id,
        order_lines.warehouse_id,
        order_lines.order_date,
        order_lines.due_date,
        received.last_receipt_date,
        {{ as_units('order_lines.ordered_units') }} as ordered_units,
        {{ as_units('coalesce(received.received_units, 0)') }} as received_units,
        {{ as_units('least(coalesce(received.in_time_units, 0), order_lines.ordered_units)') }} as on_time_units,
        order_lines.unit_price,
        order_lines.order_value,
        order_lines.document_unit_price,
        order_lines.document_order_value,
        order_lines.currency_code,
        order_lines.exchange_rate,
        coalesce(order_lines.due_date <= run_parameters.as_of_date, false) as is_due,
        coalesce(order_lines.due_date <= run_parameters.as_of_date, false)
        and coalesce(received.in_time_units, 0) >= order_lines.ordered_units as is_on_time,
        coalesce(
            order_lines.due_date between {{ window_start('run_parameters.as_of_date') }} and run_parameters.as_of_date, false
        ) as is_last_365_days,
        order_lines.source_file,
        order_lines.source_row
    from order_lines
    cross join run_parameters
    left join received
        on
            order_lines.supplier_id = received.supplier_id
            and order_lines.po_no = received.po_no
            and order_lines.po_line_id = received.po_line_id
    where
        {{ is_effective('order_lines.doc_status') }}
        and order_lines.ordered_units > 0
)

select * from final
