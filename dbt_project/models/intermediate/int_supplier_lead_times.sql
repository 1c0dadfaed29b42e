-- One row per received part of a purchase order line. Receipts come from their documents, or, for a company without them, from the ledger.
with receipt_lines as (
    select * from {{ ref('stg_purchase_receipt_lines') }}
),

order_lines as (
    select * from {{ ref('stg_purchase_order_lines') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

companies_with_receipts as (
    select distinct company_code from receipt_lines
),

receipts as (
    select
        receipt_lines.company_code,
        receipt_lines.po_no,
        receipt_lines.po_line_id,
        receipt_lines.receipt_date,
        receipt_lines.received_units
    from receipt_lines
    cross join run_parameters
    where
        {{ is_effective('receipt_lines.doc_status') }}
        and receipt_lines.line_kind = 'receipt'
        and receipt_lines.received_units > 0
        and receipt_lines.receipt_date <= run_parameters.as_of_date
    union all
    select
        split_part(movements.item_id, '/', 1) as company_code,
        movements.ref_doc_no as po_no,
        movements.ref_line_id as po_line_id,
        movements.business_date as receipt_date,
        movements.quantity_units as received_units
    from movements
    left join companies_with_receipts
        on split_part(movements.item_id, '/', 1) = companies_with_receipts.company_code
    where
        movements.movement_type = 'purchase_receipt'
        and movements.quantity_units > 0
        and movements.ref_doc_type = 'purchase_order'
        and companies_with_receipts.company_code is null
),

final as (
    select
        order_lines.item_id,
        order_lines.warehouse_id,
        order_lines.supplier_id,
        order_lines.po_no,
        order_lines.po_line_id,
        order_lines.order_date,
        order_lines.due_date,
        receipts.receipt_date,
        {{ as_units('sum(receipts.received_units)') }} as received_units,
        {{ days_between('order_lines.order_date', 'receipts.receipt_date') }} as lead_time_days
    from order_lines
    inner join receipts
        on
            order_lines.company_code = receipts.company_code
            and order_lines.po_no = receipts.po_no
            and order_lines.po_line_id = receipts.po_line_id
    where receipts.receipt_date >= order_lines.order_date
    group by
        order_lines.item_id,
        order_lines.warehouse_id,
        order_lines.supplier_id,
        order_lines.po_no,
        order_lines.po_line_id,
        order_lines.order_date,
        order_lines.due_date,
        receipts.receipt_date
)

select * from final
