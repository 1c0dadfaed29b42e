-- Files of movements most of whose documents stand in the ledger on another day than in the system that made them (a time zone, an export
-- at the wrong hour). One row per file. Five documents and half of the file: one or two are corrections by hand.
with receipts as (
    select * from {{ ref('rec_receipts_movements') }}
),

shipments as (
    select * from {{ ref('rec_shipments_movements') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

documents as (
    select
        doc_no,
        item_id,
        warehouse_id,
        {{ days_between('document_date', 'ledger_date') }} as shift_days
    from receipts
    where has_document and has_movement
    union all
    select
        doc_no,
        item_id,
        warehouse_id,
        {{ days_between('document_date', 'ledger_date') }} as shift_days
    from shipments
    where has_document and has_movement
),

final as (
    select
        movements.source_instance,
        split_part(movements.item_id, '/', 1) as company_code,
        movements.source_file,
        cast(count(*) as bigint) as documents,
        cast(sum(case when documents.shift_days <> 0 then 1 else 0 end) as bigint) as shifted_documents,
        cast(median(documents.shift_days) as bigint) as shift_days,
        min(movements.business_date) as first_ledger_date,
        max(movements.business_date) as last_ledger_date,
        min(movements.source_row) as source_row
    from movements
    inner join documents
        on
            movements.doc_no = documents.doc_no
            and movements.item_id = documents.item_id
            and movements.warehouse_id = documents.warehouse_id
    group by movements.source_instance, split_part(movements.item_id, '/', 1), movements.source_file
    having
        sum(case when documents.shift_days <> 0 then 1 else 0 end) >= 5
        and sum(case when documents.shift_days <> 0 then 1 else 0 end) * 2 > count(*)
)

select * from final
