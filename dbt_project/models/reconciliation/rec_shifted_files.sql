-- Files of movements most of whose documents stand in the ledger on another day than in the system that made them (a time zone, an export
-- at the wrong hour). One row per file. Five documents and half of the file: one or two are corrections by hand.
-- Where the other system is silent about them (its file is missing or broken), the day on which they were entered speaks: a constant
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

by_other_system as (
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
