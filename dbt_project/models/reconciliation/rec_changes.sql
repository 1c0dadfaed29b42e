-- Where a difference begins, changes or ends, in any of the three comparisons, without what a wrong list brought in
-- (rec_explained_cells). A difference that merely persists is no row here. variance = ledger - book, physical - book, counted - book.
with ledger_book as (
    select * from {{ ref('rec_ledger_book') }}
),

book_wms as (
    select * from {{ ref('rec_book_wms') }}
),

book_count as (
    select * from {{ ref('rec_book_count') }}
),

explained as (
    select
        comparison,
        item_id,
        warehouse_id,
        list_date,
        sum(effect_units) as effect_units
    from {{ ref('rec_explained_cells') }}
    group by comparison, item_id, warehouse_id, list_date
),

-- Both comparisons of a list in one shape. In ledger_book the list is the book and the ledger the other side.
listed as (
    select
        'ledger_book' as comparison,
        item_id,
        warehouse_id,
        snapshot_date,
        previous_snapshot_date,
        book_units,
        ledger_units as other_units,
        variance_units,
        -- Here the documents are on the left: what a wrong document did shows with the opposite sign.
        -1 as gap_sign,
        source_file,
        source_row,
        true as is_beyond_tolerance
    from ledger_book
    union all
    select
        'book_wms' as comparison,
        item_id,
        warehouse_id,
        snapshot_date,
        previous_snapshot_date,
        expected_units as book_units,
        physical_units as other_units,
        variance_units,
        1 as gap_sign,
        source_file,
        source_row,
        is_beyond_tolerance
    from book_wms
),

corrected as (
    select
        listed.*,
        listed.variance_units - coalesce(explained.effect_units, 0) as corrected_units
    from listed
    left join explained
        on
            listed.comparison = explained.comparison
            and listed.item_id = explained.item_id
            and listed.warehouse_id = explained.warehouse_id
            and listed.snapshot_date = explained.list_date
),

stepped as (
    select
        *,
        corrected_units - coalesce(lag(corrected_units) over grain, 0) as change_units
    from corrected
    window grain as (partition by comparison, item_id, warehouse_id order by snapshot_date)
),

changes as (
    select
        comparison,
        '' as count_no,
        item_id,
        warehouse_id,
        snapshot_date as first_date,
        previous_snapshot_date as agreed_date,
        book_units,
        other_units,
        change_units as variance_units,
        corrected_units as variance_after_units,
        gap_sign * change_units as gap_units,
        source_file,
        source_row,
        is_beyond_tolerance,
        false as is_posted
    from stepped
    where change_units <> 0
    union all
    select
        'book_count' as comparison,
        count_no,
        item_id,
        warehouse_id,
        count_date as first_date,
        cast(null as date) as agreed_date,
        book_units,
        counted_units as other_units,
        variance_units,
        variance_units as variance_after_units,
        variance_units as gap_units,
        source_file,
        source_row,
        not is_accurate as is_beyond_tolerance,
        posted_doc_no is not null as is_posted
    from book_count
    where variance_units <> 0
),

final as (
    select
        {{ stable_id(['comparison', 'item_id', 'warehouse_id', 'first_date', 'count_no']) }} as difference_id,
        comparison,
        count_no,
        item_id,
        warehouse_id,
        first_date,
        agreed_date,
        {{ as_units('book_units') }} as book_units,
        {{ as_units('other_units') }} as other_units,
        {{ as_units('variance_units') }} as variance_units,
        {{ as_units('variance_after_units') }} as variance_after_units,
        {{ as_units('gap_units') }} as gap_units,
        source_file,
        source_row,
        is_beyond_tolerance,
        is_posted
    from changes
)

select * from final
