-- A period opens at another figure than the one before closed at, one finding per item, warehouse and close.
with continuity as (
    select * from {{ ref('rec_continuity') }}
),

final as (
    select
        'continuity_break' as rule_id,
        item_id || '|' || warehouse_id || '|' || cast(close_date as varchar) as subject,
        cast(null as varchar) as severity_override,
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(null as varchar) as doc_no,
        cast(close_date as date) as business_date,
        variance_units,
        variance_value,
        cast('continuity_break' as varchar) as cause,
        'closed at ' || cast(close_units as varchar) || ', next period opened at ' || cast(opening_units as varchar) as explanation,
        cast(opening_source_file as varchar) as source_file,
        cast(opening_source_row as bigint) as source_row
    from continuity
    where variance_units <> 0
)

select * from final
