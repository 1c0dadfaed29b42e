-- Documents of a shifted file (rec_shifted_files) that are in the ledger on another day than in the system that made them.
-- moved_units is what they move, with the sign of the ledger.
with receipts as (
    select * from {{ ref('rec_receipts_movements') }}
),

shipments as (
    select * from {{ ref('rec_shipments_movements') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

shifted_files as (
    select * from {{ ref('rec_shifted_files') }}
),

documents as (
    select
        doc_no,
        item_id,
        warehouse_id,
        document_date,
        ledger_date
    from receipts
    where has_document and has_movement and document_date <> ledger_date
    union all
    select
        doc_no,
        item_id,
        warehouse_id,
        document_date,
        ledger_date
    from shipments
    where has_document and has_movement and document_date <> ledger_date
),

-- What the entry alone proves has no document of another system: its own day is the one it was entered on.
by_document as (
    select
        movements.item_id,
        movements.warehouse_id,
        movements.doc_no,
        coalesce(documents.document_date, {{ add_days('movements.business_date', '-shifted_files.shift_days') }}) as document_date,
        movements.business_date as ledger_date,
        movements.quantity_units,
        shifted_files.source_file
    from movements
    inner join shifted_files
        on movements.source_instance = shifted_files.source_instance and movements.source_file = shifted_files.source_file
    left join documents
        on
            movements.doc_no = documents.doc_no
            and movements.item_id = documents.item_id
            and movements.warehouse_id = documents.warehouse_id
    where documents.doc_no is not null or shifted_files.shifted_documents = shifted_files.documents
),

final as (
    select
        item_id,
        warehouse_id,
        doc_no,
        source_file,
        document_date,
        ledger_date,
        {{ as_units('sum(quantity_units)') }} as moved_units
    from by_document
    group by item_id, warehouse_id, doc_no, source_file, document_date, ledger_date
)

select * from final
