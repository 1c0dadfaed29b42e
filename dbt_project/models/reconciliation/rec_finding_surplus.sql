-- Physical stock above book that no document explains. Found by the WMS and by a count, it is one finding.
with differences as (
    select * from {{ ref('rec_differences') }}
),

unexplained as (
    select
        *,
        row_number() over (
            partition by item_id, warehouse_id, variance_units
            order by first_date asc, comparison desc, difference_id asc
        ) as preference
    from differences
    where
        comparison in ('book_wms', 'book_count')
        and variance_cause = 'unexplained'
        and not is_posted
        and variance_units > 0
        and variance_after_units > 0
),

final as (
    select
        'surplus' as rule_id,
        item_id || '|' || warehouse_id || '|' || cast(first_date as varchar) || '|' || comparison as subject,
        cast(null as varchar) as severity_override,
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(nullif(count_no, '') as varchar) as doc_no,
        cast(first_date as date) as business_date,
        variance_units,
        variance_value,
        cast('unexplained' as varchar) as cause,
        case comparison when 'book_wms' then 'WMS ' else 'count ' end || cast(other_units as varchar)
        || ' is above the book of ' || cast(book_units as varchar) as explanation,
        cast(source_file as varchar) as source_file,
        cast(source_row as bigint) as source_row
    from unexplained
    where preference = 1
)

select * from final
