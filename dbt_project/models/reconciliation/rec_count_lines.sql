-- Every line of the last round of a count against its own book: what record accuracy counts. A line whose sheet has no book is judged by
-- the ledger's for the item and warehouse (rec_book_count).
with counts as (
    select * from {{ ref('stg_stock_count_lines') }}
),

book_count as (
    select * from {{ ref('rec_book_count') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

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

lines as (
    select
        counts.*,
        book_count.is_accurate as is_item_accurate,
        book_count.tolerance_rate,
        book_count.abc_class,
        counts.book_units + coalesce(counts.adjustment_in_units, 0) - coalesce(counts.adjustment_out_units, 0) as line_book_units
    from counts
    inner join last_rounds
        on
            counts.source_instance = last_rounds.source_instance
            and counts.count_no = last_rounds.count_no
            and counts.item_id = last_rounds.item_id
            and counts.warehouse_id = last_rounds.warehouse_id
            and coalesce(counts.count_round, 1) = last_rounds.count_round
    -- rec_book_count says which counts are counted at all: neither draft nor cancelled nor in the future
    inner join book_count
        on
            counts.source_instance = book_count.source_instance
            and counts.count_no = book_count.count_no
            and counts.item_id = book_count.item_id
            and counts.warehouse_id = book_count.warehouse_id
            and counts.count_date = book_count.count_date
    where
        counts.counted_units is not null
        and counts.doc_status not in ('draft', 'cancelled')
),

final as (
    select
        lines.source_instance,
        lines.count_no,
        lines.source_line_id,
        lines.item_id,
        lines.warehouse_id,
        lines.count_date,
        lines.lot_no,
        lines.location_code,
        {{ as_units('lines.line_book_units') }} as book_units,
        {{ as_units('lines.counted_units') }} as counted_units,
        {{ as_units('lines.counted_units - lines.line_book_units') }} as variance_units,
        lines.tolerance_rate,
        case
            when lines.line_book_units is null then lines.is_item_accurate
            when lines.line_book_units = 0 then lines.counted_units = 0
            else
                abs(cast(lines.counted_units - lines.line_book_units as double))
                <= lines.tolerance_rate * abs(cast(lines.line_book_units as double))
        end as is_accurate,
        lines.count_date between {{ window_start('run_parameters.as_of_date') }} and run_parameters.as_of_date as is_last_365_days,
        lines.abc_class,
        lines.source_file,
        lines.source_row
    from lines
    cross join run_parameters
)

select * from final
