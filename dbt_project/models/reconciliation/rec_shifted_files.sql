-- Files of movements with many documents that are in the ledger on another day than in the system that made them, all moved by the same
-- days (a time zone, a cut-off hour, an export at the wrong hour). One row per file.
-- Where the other system is silent about them (its file is missing or broken), the day on which they were entered decides: a constant
-- number of hours moves every document of the file over midnight, by one day and the same way, while late posting concerns some documents
-- by differing days. Ten documents, all of them, from a source that enters nine of ten on their day.
with receipts as (
    select * from {{ ref('rec_receipts_movements') }}
),

shipments as (
    select * from {{ ref('rec_shipments_movements') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
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

compared as (
    select
        movements.source_instance,
        split_part(movements.item_id, '/', 1) as company_code,
        movements.source_file,
        movements.source_row,
        movements.business_date,
        documents.shift_days
    from movements
    inner join documents
        on
            movements.doc_no = documents.doc_no
            and movements.item_id = documents.item_id
            and movements.warehouse_id = documents.warehouse_id
),

by_file as (
    select
        source_instance,
        company_code,
        source_file,
        count(*) as documents
    from compared
    group by source_instance, company_code, source_file
),

by_shift as (
    select
        source_instance,
        company_code,
        source_file,
        shift_days,
        count(*) as shifted_documents,
        min(business_date) as first_ledger_date,
        max(business_date) as last_ledger_date,
        min(source_row) as source_row
    from compared
    where shift_days <> 0
    group by source_instance, company_code, source_file, shift_days
),

by_source as (
    select
        source_instance,
        company_code,
        sum(documents) as documents
    from by_file
    group by source_instance, company_code
),

shifts_of_source as (
    select
        source_instance,
        company_code,
        shift_days,
        sum(shifted_documents) as shifted_documents
    from by_shift
    group by source_instance, company_code, shift_days
),

-- Shifted by the same days far more often than in the source's other files: five documents at least, a tenth of the file, and five
-- times what its size would bring by the source's usual share.
ranked as (
    select
        by_shift.source_instance,
        by_shift.company_code,
        by_shift.source_file,
        by_file.documents,
        by_shift.shifted_documents,
        by_shift.shift_days,
        by_shift.first_ledger_date,
        by_shift.last_ledger_date,
        by_shift.source_row,
        row_number() over (
            partition by by_shift.source_instance, by_shift.company_code, by_shift.source_file
            order by by_shift.shifted_documents desc, by_shift.shift_days asc
        ) as preference
    from by_shift
    inner join by_file
        on
            by_shift.source_instance = by_file.source_instance
            and by_shift.company_code = by_file.company_code
            and by_shift.source_file = by_file.source_file
    inner join by_source
        on by_shift.source_instance = by_source.source_instance and by_shift.company_code = by_source.company_code
    inner join shifts_of_source
        on
            by_shift.source_instance = shifts_of_source.source_instance
            and by_shift.company_code = shifts_of_source.company_code
            and by_shift.shift_days = shifts_of_source.shift_days
    where
        by_shift.shifted_documents >= 5
        and by_shift.shifted_documents * 10 > by_file.documents
        and by_shift.shifted_documents * (by_source.documents - by_file.documents + 1)
        > 5 * by_file.documents * (shifts_of_source.shifted_documents - by_shift.shifted_documents + 1)
),

by_other_system as (
    select
        source_instance,
        company_code,
        source_file,
        cast(documents as bigint) as documents,
        cast(shifted_documents as bigint) as shifted_documents,
        cast(shift_days as bigint) as shift_days,
        first_ledger_date,
        last_ledger_date,
        source_row
    from ranked
    where preference = 1
),

entries as (
    select
        movements.source_instance,
        split_part(movements.item_id, '/', 1) as company_code,
        movements.source_file,
        movements.source_row,
        movements.business_date,
        {{ days_between(local_date('movements.entered_at', 'run_parameters.timezone'), 'movements.business_date') }} as shift_days
    from movements
    cross join run_parameters
    where movements.entered_at is not null
),

prompt_sources as (
    select
        source_instance,
        company_code
    from entries
    group by source_instance, company_code
    having sum(case when shift_days = 0 then 1 else 0 end) >= 0.9 * count(*)
),

by_entry as (
    select
        entries.source_instance,
        entries.company_code,
        entries.source_file,
        cast(count(*) as bigint) as documents,
        cast(count(*) as bigint) as shifted_documents,
        cast(min(entries.shift_days) as bigint) as shift_days,
        min(entries.business_date) as first_ledger_date,
        max(entries.business_date) as last_ledger_date,
        min(entries.source_row) as source_row
    from entries
    inner join prompt_sources
        on entries.source_instance = prompt_sources.source_instance and entries.company_code = prompt_sources.company_code
    left join by_other_system
        on
            entries.source_instance = by_other_system.source_instance
            and entries.company_code = by_other_system.company_code
            and entries.source_file = by_other_system.source_file
    where by_other_system.source_file is null
    group by entries.source_instance, entries.company_code, entries.source_file
    having count(*) >= 10 and min(entries.shift_days) = max(entries.shift_days) and abs(min(entries.shift_days)) = 1
),

final as (
    select * from by_other_system
    union all
    select * from by_entry
)

select * from final
