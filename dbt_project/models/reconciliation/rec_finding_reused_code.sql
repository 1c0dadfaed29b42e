-- An item code whose name, category or unit changed its meaning between extracts, one finding per item.
with master_changes as (
    select * from {{ source('quality', 'master_changes') }}
),

final as (
    select
        'reused_code' as rule_id,
        source_instance || '|' || source_key || '|' || cast(max(extract_date) as varchar) as subject,
        cast(null as varchar) as severity_override,
        cast(company_code || '/' || source_key as varchar) as item_id,
        cast(null as varchar) as warehouse_id,
        cast(null as varchar) as doc_no,
        cast(max(extract_date) as date) as business_date,
        cast(null as decimal(28, 6)) as variance_units,
        cast(null as decimal(24, 4)) as variance_value,
        cast('reused_code' as varchar) as cause,
        string_agg(
            column_name || ': ' || coalesce(old_value, '') || ' -> '
            || coalesce(new_value, ''), '; ' order by column_name, extract_date
        ) as explanation,
        cast(min(source_file) as varchar) as source_file,
        cast(min(source_row) as bigint) as source_row
    from master_changes
    where contract = 'item'
    group by source_instance, company_code, source_key
)

select * from final
