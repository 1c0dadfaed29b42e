-- A file was refused whole: none of its rows is in any figure. The reason is the reader's own.
with batches as (
    select * from {{ source('quality', 'landing_batches') }}
),

final as (
    select
        'refused_file' as rule_id,
        batch_id as subject,
        cast(null as varchar) as severity_override,
        cast(null as varchar) as item_id,
        cast(null as varchar) as warehouse_id,
        cast(null as varchar) as doc_no,
        cast(extract_date as date) as business_date,
        cast(null as decimal(28, 6)) as variance_units,
        cast(null as decimal(24, 4)) as variance_value,
        cast('refused_file' as varchar) as cause,
        'file ' || source_file || ' was refused: ' || coalesce(nullif(message, ''), 'no reason given') as explanation,
        cast(source_file as varchar) as source_file,
        cast(null as bigint) as source_row
    from batches
    where status = 'refused'
)

select * from final
