-- Rows that were already landed, one finding per batch and kind; a file that came twice has its own rule.
with duplicate_rows as (
    select * from {{ source('quality', 'duplicate_rows') }}
),

final as (
    select
        'duplicate_row' as rule_id,
        batch_id || '|' || kind as subject,
        cast(null as varchar) as severity_override,
        cast(null as varchar) as item_id,
        cast(null as varchar) as warehouse_id,
        cast(null as varchar) as doc_no,
        cast(null as date) as business_date,
        cast(null as decimal(28, 6)) as variance_units,
        cast(null as decimal(24, 4)) as variance_value,
        cast(kind as varchar) as cause,
        cast(count(*) as varchar) || ' rows of ' || contract || ' were already landed (' || kind || ')' as explanation,
        cast(min(source_file) as varchar) as source_file,
        cast(min(source_row) as bigint) as source_row
    from duplicate_rows
    where kind <> 'same_file'
    group by batch_id, contract, kind
)

select * from final
