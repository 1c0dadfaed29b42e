-- Goods received and not posted beyond the transit window: by their receipt, or by what the WMS keeps as received-not-posted.
with receipts as (
    select * from {{ ref('rec_receipts_movements') }}
),

missing_days as (
    select * from {{ ref('rec_missing_days') }}
),

book_wms as (
    select * from {{ ref('rec_book_wms') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

by_document as (
    select
        receipts.doc_no,
        receipts.item_id,
        receipts.warehouse_id,
        receipts.document_date as received_date,
        receipts.variance_units,
        receipts.source_file,
        receipts.source_row,
        'receipt ' || receipts.doc_no || ' of ' || cast(receipts.document_date as varchar)
        || case when receipts.is_posted then ' is posted but not in the ledger' else ' is still a draft' end as explanation
    from receipts
    cross join run_parameters
    left join missing_days
        on
            split_part(receipts.item_id, '/', 1) = missing_days.company_code
            and receipts.document_date = missing_days.missing_date
            and receipts.is_posted
    -- The same receipt in the ledger under another warehouse is a wrong warehouse, not a missing posting.
    left join receipts as elsewhere
        on
            receipts.doc_no = elsewhere.doc_no
            and receipts.item_id = elsewhere.item_id
            and elsewhere.has_movement
            and not elsewhere.has_document
            and receipts.document_units = elsewhere.ledger_units
    where
        receipts.has_document
        and not receipts.has_movement
        and receipts.document_units > 0
        and receipts.document_date < {{ add_days('run_parameters.as_of_date', '-run_parameters.transit_days') }}
        and missing_days.missing_date is null
        and elsewhere.doc_no is null
),

-- Received-not-posted on every snapshot of the transit window, and already on the one before it.
waiting as (
    select
        book_wms.item_id,
        book_wms.warehouse_id,
        min(book_wms.snapshot_date) as received_date,
        min(book_wms.received_not_posted_units) as variance_units,
        max_by(book_wms.source_file, book_wms.snapshot_date) as source_file,
        max_by(book_wms.source_row, book_wms.snapshot_date) as source_row
    from book_wms
    cross join run_parameters
    where book_wms.snapshot_date >= {{ add_days('run_parameters.as_of_date', '-run_parameters.transit_days - 1') }}
    group by book_wms.item_id, book_wms.warehouse_id, run_parameters.as_of_date, run_parameters.transit_days
    having
        count(*) > 1
        and {{ days_between('min(book_wms.snapshot_date)', 'run_parameters.as_of_date') }} > run_parameters.transit_days
        and min(book_wms.received_not_posted_units) > 0
),

found as (
    select * from by_document
    union all
    select
        cast(null as varchar) as doc_no,
        waiting.item_id,
        waiting.warehouse_id,
        waiting.received_date,
        waiting.variance_units,
        waiting.source_file,
        waiting.source_row,
        'the WMS holds ' || cast(waiting.variance_units as varchar) || ' units as received-not-posted since '
        || cast(waiting.received_date as varchar) || ' or longer' as explanation
    from waiting
    left join by_document on waiting.item_id = by_document.item_id and waiting.warehouse_id = by_document.warehouse_id
    where by_document.item_id is null
),

final as (
    select
        'unposted_receipt' as rule_id,
        coalesce(found.doc_no, '') || '|' || found.item_id || '|' || found.warehouse_id as subject,
        cast(null as varchar) as severity_override,
        cast(found.item_id as varchar) as item_id,
        cast(found.warehouse_id as varchar) as warehouse_id,
        cast(found.doc_no as varchar) as doc_no,
        cast(found.received_date as date) as business_date,
        {{ as_units('found.variance_units') }} as variance_units,
        {{ as_value('found.variance_units * item_warehouses.unit_cost_latest') }} as variance_value,
        cast('unposted_receipt' as varchar) as cause,
        found.explanation,
        cast(found.source_file as varchar) as source_file,
        cast(found.source_row as bigint) as source_row
    from found
    left join item_warehouses
        on found.item_id = item_warehouses.item_id and found.warehouse_id = item_warehouses.warehouse_id
)

select * from final
