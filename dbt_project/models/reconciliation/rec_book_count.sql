-- Book at the count against what was counted. Not counted is not zero; book 0 and found > 0 is a difference of 100 %.
with points as (
    select * from {{ ref('rec_stock_points') }}
),

counts as (
    select * from {{ ref('stg_stock_count_lines') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

item_classes as (
    select * from {{ source('planning', 'item_classes') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

-- A recount replaces the first count of the same document.
last_rounds as (
    select
        source_instance,
        count_no,
        item_id,
        warehouse_id,
        max(coalesce(count_round, 1)) as count_round
    from counts
    where counted_units is not null
    group by source_instance, count_no, item_id, warehouse_id
),

counted as (
    select
        counts.count_no,
        counts.item_id,
        counts.warehouse_id,
        counts.count_date,
        counts.source_instance,
        -- Null where any line of the sheet has no book of its own: then the ledger's is taken.
        case when count(*) = count(counts.book_units) then sum(
                    counts.book_units + coalesce(counts.adjustment_in_units, 0) - coalesce(counts.adjustment_out_units, 0)
                )
        end as sheet_book_units,
        sum(counts.counted_units) as counted_units,
        max(counts.posted_doc_no) as posted_doc_no,
        max(counts.counted_by) as counted_by,
        max(counts.reason) as reason,
        min(counts.source_file) as source_file,
        min(counts.source_row) as source_row
    from counts
    cross join run_parameters
    inner join last_rounds
        on
            counts.source_instance = last_rounds.source_instance
            and counts.count_no = last_rounds.count_no
            and counts.item_id = last_rounds.item_id
            and counts.warehouse_id = last_rounds.warehouse_id
            and coalesce(counts.count_round, 1) = last_rounds.count_round
    where
        counts.counted_units is not null
        and counts.doc_status not in ('draft', 'cancelled')
        and counts.count_date <= run_parameters.as_of_date
    group by counts.count_no, counts.item_id, counts.warehouse_id, counts.count_date, counts.source_instance
),

compared as (
    select
        counted.*,
        -- What the count itself posted that day is its result, not the book it was compared with.
        points.ledger_units - points.count_posted_units as ledger_units,
        coalesce(counted.sheet_book_units, points.ledger_units - points.count_posted_units, 0) as book_units,
        case when counted.sheet_book_units is not null then 'count_sheet' else 'ledger' end as book_source,
        item_classes.abc_class,
        case item_classes.abc_class
            when 'A' then run_parameters.count_tolerance_a_rate
            when 'B' then run_parameters.count_tolerance_b_rate
            else run_parameters.count_tolerance_c_rate
        end as tolerance_rate
    from counted
    cross join run_parameters
    left join points
        on
            counted.item_id = points.item_id
            and counted.warehouse_id = points.warehouse_id
            and counted.count_date = points.point_date
    left join item_classes
        on counted.item_id = item_classes.item_id and counted.warehouse_id = item_classes.warehouse_id
),

final as (
    select
        compared.source_instance,
        compared.count_no,
        compared.item_id,
        compared.warehouse_id,
        compared.count_date,
        {{ as_units('compared.ledger_units') }} as ledger_units,
        {{ as_units('compared.book_units') }} as book_units,
        compared.book_source,
        {{ as_units('compared.counted_units') }} as counted_units,
        {{ as_units('compared.counted_units - compared.book_units') }} as variance_units,
        {{ as_value('(compared.counted_units - compared.book_units) * item_warehouses.unit_cost_latest') }} as variance_value,
        case when item_warehouses.unit_cost_latest is null then {{ no_cost_status() }} else 'ok' end as value_status,
        case
            when compared.counted_units = compared.book_units then 0.0
            when compared.book_units = 0 then 1.0
            else round(abs(cast(compared.counted_units - compared.book_units as double) / cast(compared.book_units as double)), 6)
        end as variance_rate,
        compared.tolerance_rate,
        case
            when compared.book_units = 0 then compared.counted_units = 0
            else
                abs(cast(compared.counted_units - compared.book_units as double))
                <= compared.tolerance_rate * abs(cast(compared.book_units as double))
        end as is_accurate,
        cast(compared.abc_class as varchar) as abc_class,
        compared.posted_doc_no,
        compared.counted_by,
        compared.reason,
        compared.source_file,
        compared.source_row
    from compared
    left join item_warehouses
        on compared.item_id = item_warehouses.item_id and compared.warehouse_id = item_warehouses.warehouse_id
)

select * from final
