-- Working days without a single movement from a source that always has some, although documents of that day say that stock moved.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

receipts as (
    select * from {{ ref('rec_receipts_movements') }}
),

shipments as (
    select * from {{ ref('rec_shipments_movements') }}
),

ledger_book as (
    select * from {{ ref('rec_ledger_book') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

days as (
    select distinct
        source_instance,
        split_part(item_id, '/', 1) as company_code,
        business_date
    from movements
),

spans as (
    select
        source_instance,
        company_code,
        min(business_date) as first_date,
        count(*) as days_with_movements
    from days
    group by source_instance, company_code
),

calendar as (
    select
        spans.source_instance,
        spans.company_code,
        spans.days_with_movements,
        {{ days_between('spans.first_date', 'run_parameters.as_of_date') }} + 1 as span_days,
        cast({{ unnest_days('spans.first_date', 'run_parameters.as_of_date') }} as date) as calendar_date
    from spans
    cross join run_parameters
),

-- A source that posts on most days: a site that reports once a month has no missing days.
quiet_days as (
    select
        calendar.source_instance,
        calendar.company_code,
        calendar.calendar_date
    from calendar
    left join days
        on
            calendar.source_instance = days.source_instance
            and calendar.company_code = days.company_code
            and calendar.calendar_date = days.business_date
    where days.business_date is null and calendar.days_with_movements * 2 > calendar.span_days
),

document_days as (
    select
        company_code,
        document_date,
        sum(documents) as documents
    from (
        select
            split_part(item_id, '/', 1) as company_code,
            document_date,
            count(*) as documents
        from receipts
        where has_document and is_posted and not has_movement
        group by split_part(item_id, '/', 1), document_date
        union all
        select
            split_part(item_id, '/', 1) as company_code,
            document_date,
            count(*) as documents
        from shipments
        where has_document and is_posted and not has_movement
        group by split_part(item_id, '/', 1), document_date
    ) as documents
    group by company_code, document_date
),

-- Balances of the company that part between the snapshot before the day and the one after it.
parted as (
    select
        quiet_days.source_instance,
        quiet_days.company_code,
        quiet_days.calendar_date,
        count(*) as parted_balances
    from quiet_days
    inner join ledger_book
        on
            quiet_days.company_code = split_part(ledger_book.item_id, '/', 1)
            and quiet_days.calendar_date <= ledger_book.snapshot_date
            and quiet_days.calendar_date > ledger_book.previous_snapshot_date
            and ledger_book.variance_change_units <> 0
    group by quiet_days.source_instance, quiet_days.company_code, quiet_days.calendar_date
),

companies_with_documents as (
    select distinct split_part(item_id, '/', 1) as company_code from receipts
    where has_document
    union distinct
    select distinct split_part(item_id, '/', 1) as company_code from shipments
    where has_document
),

final as (
    select
        quiet_days.source_instance,
        quiet_days.company_code,
        quiet_days.calendar_date as missing_date,
        cast(coalesce(document_days.documents, 0) as bigint) as unmatched_documents,
        cast(coalesce(parted.parted_balances, 0) as bigint) as parted_balances
    from quiet_days
    left join document_days
        on
            quiet_days.company_code = document_days.company_code
            and quiet_days.calendar_date = document_days.document_date
    left join parted
        on
            quiet_days.source_instance = parted.source_instance
            and quiet_days.company_code = parted.company_code
            and quiet_days.calendar_date = parted.calendar_date
    left join companies_with_documents on quiet_days.company_code = companies_with_documents.company_code
    -- Documents of the day are the proof. Without any document system, several balances that part at once are: five, because one or
    -- two part for reasons of their own (set on the demo company, November 2026).
    where
        coalesce(document_days.documents, 0) > 0
        or (companies_with_documents.company_code is null and coalesce(parted.parted_balances, 0) >= 5)
)

select * from final
