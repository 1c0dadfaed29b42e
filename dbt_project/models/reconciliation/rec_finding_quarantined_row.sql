-- Rows that break their contract, one finding per batch and rule.
with quarantined_rows as (
    select * from {{ source('quality', 'quarantined_rows') }}
),

final as (
    select
        'quarantined_row' as rule_id,
        batch_id || '|' || rule_id as subject,
        cast(null as varchar) as severity_override,
        cast(null as varchar) as item_id,
        cast(null as varchar) as warehouse_id,
        cast(min(doc_no) as varchar) as doc_no,
        cast(min(extract_date) as date) as business_date,
        cast(null as decimal(28, 6)) as variance_units,
        cast(null as decimal(24, 4)) as variance_value,
        cast(rule_id as varchar) as cause,
        cast(count(distinct source_row) as varchar) || ' rows of ' || contract || ' in quarantine: '
        || coalesce(min(reason), rule_id) as explanation,
        cast(min(source_file) as varchar) as source_file,
        cast(min(source_row) as bigint) as source_row
    from quarantined_rows
    group by batch_id, contract, rule_id
)

select * from final
