-- Findings about documents: wrong in themselves, not posted, in the wrong warehouse, entered late.
with document_errors as (
    select * from {{ ref('rec_document_errors') }}
),

differences as (
    select * from {{ ref('rec_differences') }}
),

-- A ledger that is made of stock lists has no documents to post.
ledger_companies as (
    select company_code from {{ ref('int_company_feeds') }}
    where ledger_basis = 'documents'
),

receipts as (
    select receipts.*
    from {{ ref('rec_receipts_movements') }} as receipts
    inner join ledger_companies on split_part(receipts.item_id, '/', 1) = ledger_companies.company_code
),

shipments as (
    select shipments.*
    from {{ ref('rec_shipments_movements') }} as shipments
    inner join ledger_companies on split_part(shipments.item_id, '/', 1) = ledger_companies.company_code
),

moved_lines as (
    select * from {{ ref('rec_moved_lines') }}
),

-- Days whose movements did not come, or only in part: what they lack is one finding of their file.
missing_days as (
    select
        company_code,
        missing_date
    from {{ ref('rec_missing_days') }}
    union distinct
    select
        company_code,
        cut_date as missing_date
    from {{ ref('rec_cut_files') }}
    where contract = 'stock_movement'
),

ledger_book as (
    select * from {{ ref('rec_ledger_book') }}
),

shifted_files as (
    select * from {{ ref('rec_shifted_files') }}
),

book_wms as (
    select * from {{ ref('rec_book_wms') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

proven as (
    select distinct
        movement_key,
        variance_cause
    from differences
    where movement_key is not null
),

-- A document that cannot be right: certain from documents alone, or proven by a difference of exactly its effect. One finding per
-- rule, document and item.
wrong as (
    select
        document_errors.*,
        row_number() over (
            partition by document_errors.rule_id, document_errors.doc_no, document_errors.item_id, document_errors.warehouse_id
            order by document_errors.is_certain desc, document_errors.movement_sequence asc, document_errors.effect_units asc
        ) as preference
    from document_errors
    left join proven
        on document_errors.movement_key = proven.movement_key and document_errors.rule_id = proven.variance_cause
    where document_errors.is_certain or proven.movement_key is not null
),

wrong_documents as (
    select
        {{ finding_columns(
            'wrong.rule_id',
            "wrong.doc_no || '|' || wrong.item_id || '|' || wrong.warehouse_id",
            'wrong.message',
            item_id='wrong.item_id',
            warehouse_id='wrong.warehouse_id',
            doc_no='wrong.doc_no',
            business_date='wrong.business_date',
            units='wrong.effect_units',
            value='wrong.effect_units * item_warehouses.unit_cost_latest',
            source_file='wrong.source_file',
            source_row='wrong.source_row'
        ) }}
    from wrong
    left join item_warehouses
        on wrong.item_id = item_warehouses.item_id and wrong.warehouse_id = item_warehouses.warehouse_id
    where wrong.preference = 1
),

-- Balances that the missing day parted: there the ERP posted what the ledger lacks, documents of the days before among it.
lost_postings as (
    select
        ledger_book.item_id,
        ledger_book.warehouse_id,
        missing_days.missing_date
    from missing_days
    inner join ledger_book
        on
            missing_days.company_code = split_part(ledger_book.item_id, '/', 1)
            and missing_days.missing_date > ledger_book.previous_snapshot_date
            and missing_days.missing_date <= ledger_book.snapshot_date
            and ledger_book.variance_change_units <> 0
),

-- By their receipt, or by what the WMS keeps as received-not-posted.
unposted as (
    select
        receipts.doc_no,
        receipts.item_id,
        receipts.warehouse_id,
        receipts.document_date as received_date,
        receipts.variance_units,
        receipts.source_file,
        receipts.source_row,
        {{ message(
            "case when receipts.is_posted then 'unposted_receipt.posted' else 'unposted_receipt.draft' end",
            ['receipts.doc_no', 'receipts.document_date']
        ) }} as message
    from receipts
    cross join run_parameters
    left join missing_days
        on
            split_part(receipts.item_id, '/', 1) = missing_days.company_code
            and receipts.document_date = missing_days.missing_date
            and receipts.is_posted
    where
        receipts.has_document
        and not receipts.has_movement
        and receipts.document_units > 0
        and receipts.document_date < {{ add_days('run_parameters.as_of_date', '-run_parameters.transit_days') }}
        and missing_days.missing_date is null
        and not exists (
            select 1 from lost_postings
            where
                lost_postings.item_id = receipts.item_id
                and lost_postings.warehouse_id = receipts.warehouse_id
                and lost_postings.missing_date > receipts.document_date
                and lost_postings.missing_date <= {{ add_days('receipts.document_date', 'run_parameters.transit_days') }}
        )
        -- Booked under another item or in another warehouse it is posted.
        and not exists (
            select 1 from moved_lines
            where
                moved_lines.doc_no = receipts.doc_no
                and moved_lines.right_item_id = receipts.item_id
                and moved_lines.right_warehouse_id = receipts.warehouse_id
        )
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

unposted_or_waiting as (
    select * from unposted
    union all
    select
        cast(null as varchar) as doc_no,
        waiting.item_id,
        waiting.warehouse_id,
        waiting.received_date,
        waiting.variance_units,
        waiting.source_file,
        waiting.source_row,
        {{ message("'unposted_receipt.waiting'", [number_text('waiting.variance_units'), 'waiting.received_date']) }} as message
    from waiting
    left join unposted on waiting.item_id = unposted.item_id and waiting.warehouse_id = unposted.warehouse_id
    where unposted.item_id is null
),

unposted_receipts as (
    select
        {{ finding_columns(
            "'unposted_receipt'",
            "coalesce(found.doc_no, '') || '|' || found.item_id || '|' || found.warehouse_id",
            'found.message',
            item_id='found.item_id',
            warehouse_id='found.warehouse_id',
            doc_no='found.doc_no',
            business_date='found.received_date',
            units='found.variance_units',
            value='found.variance_units * item_warehouses.unit_cost_latest',
            source_file='found.source_file',
            source_row='found.source_row'
        ) }}
    from unposted_or_waiting as found
    left join item_warehouses
        on found.item_id = item_warehouses.item_id and found.warehouse_id = item_warehouses.warehouse_id
),

-- A document that the ledger has elsewhere, or two opposite differences of one item that one document explains.
booked_elsewhere as (
    select
        doc_no,
        item_id,
        warehouse_id,
        right_warehouse_id as other_warehouse_id,
        ledger_date as business_date,
        -quantity_units as variance_units,
        1 as preference_group
    from moved_lines
    where warehouse_id <> right_warehouse_id
),

-- Of the two sides, the one in which the movement is booked.
opposite_differences as (
    select
        differences.first_doc_no as doc_no,
        differences.item_id,
        differences.warehouse_id,
        differences.other_warehouse_id,
        differences.first_doc_date as business_date,
        -movements.quantity_units as variance_units,
        2 as preference_group
    from differences
    inner join movements
        on differences.movement_key = movements.movement_key and differences.warehouse_id = movements.warehouse_id
    where differences.variance_cause = 'wrong_warehouse' and differences.variance_after_units <> 0
),

misplaced as (
    select
        *,
        row_number() over (
            partition by item_id, doc_no
            order by preference_group, business_date, warehouse_id, variance_units
        ) as preference
    from (
        select * from booked_elsewhere
        union all
        select * from opposite_differences
    ) as both_ways
),

located as (
    select
        item_id,
        doc_no,
        min_by(source_file, movement_sequence) as source_file,
        min_by(source_row, movement_sequence) as source_row
    from movements
    group by item_id, doc_no
),

wrong_warehouses as (
    select
        {{ finding_columns(
            "'wrong_warehouse'",
            "misplaced.doc_no || '|' || misplaced.item_id",
            message("'wrong_warehouse'", ['misplaced.doc_no', 'misplaced.warehouse_id', 'misplaced.other_warehouse_id']),
            item_id='misplaced.item_id',
            warehouse_id='misplaced.warehouse_id',
            doc_no='misplaced.doc_no',
            business_date='misplaced.business_date',
            units='misplaced.variance_units',
            value='misplaced.variance_units * item_warehouses.unit_cost_latest',
            source_file='located.source_file',
            source_row='located.source_row'
        ) }}
    from misplaced
    left join item_warehouses
        on misplaced.item_id = item_warehouses.item_id and misplaced.warehouse_id = item_warehouses.warehouse_id
    left join located on misplaced.item_id = located.item_id and misplaced.doc_no = located.doc_no
    where misplaced.preference = 1
),

-- Shipped and not posted beyond the transit window; a day that is missing as a whole has its own rule.
unposted_shipments as (
    select
        {{ finding_columns(
            "'unposted_shipment'",
            "shipments.doc_no || '|' || shipments.item_id || '|' || shipments.warehouse_id",
            message("'unposted_shipment'", ['shipments.doc_no', 'shipments.document_date']),
            item_id='shipments.item_id',
            warehouse_id='shipments.warehouse_id',
            doc_no='shipments.doc_no',
            business_date='shipments.document_date',
            units='-shipments.variance_units',
            value='-shipments.variance_value',
            source_file='shipments.source_file',
            source_row='shipments.source_row'
        ) }}
    from shipments
    cross join run_parameters
    left join missing_days
        on
            split_part(shipments.item_id, '/', 1) = missing_days.company_code
            and shipments.document_date = missing_days.missing_date
    where
        shipments.has_document
        and shipments.is_posted
        and not shipments.has_movement
        and shipments.document_units > 0
        and shipments.document_date < {{ add_days('run_parameters.as_of_date', '-run_parameters.transit_days') }}
        and missing_days.missing_date is null
        -- Booked under another item or in another warehouse it is posted.
        and not exists (
            select 1 from moved_lines
            where
                moved_lines.doc_no = shipments.doc_no
                and moved_lines.right_item_id = shipments.item_id
                and moved_lines.right_warehouse_id = shipments.warehouse_id
        )
        and not exists (
            select 1 from lost_postings
            where
                lost_postings.item_id = shipments.item_id
                and lost_postings.warehouse_id = shipments.warehouse_id
                and lost_postings.missing_date > shipments.document_date
                and lost_postings.missing_date <= {{ add_days('shipments.document_date', 'run_parameters.transit_days') }}
        )
),

shifted_dates as (
    select
        {{ finding_columns(
            "'date_shift'",
            "source_instance || '|' || source_file",
            message("'date_shift'", ['shifted_documents', 'documents', 'source_file', 'shift_days']),
            business_date='first_ledger_date',
            source_file='source_file',
            source_row='source_row'
        ) }}
    from shifted_files
),

late as (
    select
        movements.source_instance,
        movements.doc_no,
        min(movements.item_id) as item_id,
        min_by(movements.warehouse_id, movements.movement_sequence) as warehouse_id,
        count(distinct movements.item_id) as items,
        min(movements.business_date) as business_date,
        max({{ days_between('movements.business_date', local_date('movements.entered_at', 'run_parameters.timezone')) }}) as late_days,
        sum(movements.quantity_units) as moved_units,
        sum(movements.quantity_units * item_warehouses.unit_cost_latest) as moved_value,
        min_by(movements.source_file, movements.movement_sequence) as source_file,
        min_by(movements.source_row, movements.movement_sequence) as source_row
    from movements
    cross join run_parameters
    left join item_warehouses
        on movements.item_id = item_warehouses.item_id and movements.warehouse_id = item_warehouses.warehouse_id
    where
        {{ days_between('movements.business_date', local_date('movements.entered_at', 'run_parameters.timezone')) }}
        > run_parameters.late_document_days
    group by movements.source_instance, movements.doc_no
),

late_documents as (
    select
        {{ finding_columns(
            "'late_document'",
            "source_instance || '|' || doc_no",
            message("'late_document'", ['doc_no', 'late_days']),
            item_id="case when items = 1 then item_id end",
            warehouse_id='warehouse_id',
            doc_no='doc_no',
            business_date='business_date',
            units='moved_units',
            value='moved_value',
            source_file='source_file',
            source_row='source_row'
        ) }}
    from late
),

final as (
    select * from wrong_documents
    union all
    select * from unposted_receipts
    union all
    select * from wrong_warehouses
    union all
    select * from late_documents
    union all
    select * from unposted_shipments
    union all
    select * from shifted_dates
)

select * from final
