-- A working day without any movement, although stock moved.
with missing_days as (
    select * from {{ ref('rec_missing_days') }}
),

final as (
    select
        'missing_movement_day' as rule_id,
        source_instance || '|' || company_code || '|' || cast(missing_date as varchar) as subject,
        cast(null as varchar) as severity_override,
        cast(null as varchar) as item_id,
        cast(null as varchar) as warehouse_id,
        cast(null as varchar) as doc_no,
        cast(missing_date as date) as business_date,
        cast(null as decimal(28, 6)) as variance_units,
        cast(null as decimal(24, 4)) as variance_value,
        cast('missing_movement_day' as varchar) as cause,
        'no movement on ' || cast(missing_date as varchar) || ', but ' || cast(unmatched_documents as varchar)
        || ' documents of that day have none and '
        || cast(parted_balances as varchar) || ' balances part over it' as explanation,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row
    from missing_days
)

select * from final
