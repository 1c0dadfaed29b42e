-- Ledger and ERP snapshot begin to differ and nothing explains it.
with differences as (
    select * from {{ ref('rec_differences') }}
),

final as (
    select
        'ledger_book_mismatch' as rule_id,
        item_id || '|' || warehouse_id || '|' || cast(first_date as varchar) as subject,
        cast(null as varchar) as severity_override,
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(null as varchar) as doc_no,
        cast(first_date as date) as business_date,
        variance_units,
        variance_value,
        cast('unexplained' as varchar) as cause,
        'ERP says ' || cast(other_units as varchar) || ', the ledger ' || cast(book_units as varchar)
        || coalesce('; they agreed on ' || cast(agreed_date as varchar), '; first snapshot') as explanation,
        cast(source_file as varchar) as source_file,
        cast(source_row as bigint) as source_row
    from differences
    where comparison = 'ledger_book' and variance_cause = 'unexplained' and variance_after_units <> 0
)

select * from final
