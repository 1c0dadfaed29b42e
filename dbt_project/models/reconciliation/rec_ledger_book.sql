-- Ledger against the ERP's own balance, at every snapshot date. variance = ledger - book: the documents are the evidence, the
-- snapshot the book.
with points as (
    select * from {{ ref('rec_stock_points') }}
),

snapshots as (
    select * from {{ ref('stg_stock_on_hand') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

reported as (
    select
        item_id,
        warehouse_id,
        as_of_date,
        sum(on_hand_units) as book_units,
        min(source_file) as source_file,
        min(source_row) as source_row
    from snapshots
    group by item_id, warehouse_id, as_of_date
),

-- Where a system lists items with nothing on hand, a line that is not there was not reported; where it never does, it is zero.
snapshot_days as (
    select
        snapshots.warehouse_id,
        snapshots.as_of_date,
        max(listing.lists_zeros) as lists_zeros
    from snapshots
    inner join (
        select
            listed.source_instance,
            max(case when listed.on_hand_units = 0 then 1 else 0 end) as lists_zeros
        from snapshots as listed
        group by listed.source_instance
    ) as listing on snapshots.source_instance = listing.source_instance
    group by snapshots.warehouse_id, snapshots.as_of_date
),

compared as (
    select
        points.item_id,
        points.warehouse_id,
        points.point_date as snapshot_date,
        points.ledger_units,
        points.late_units,
        coalesce(reported.book_units, 0) as book_units,
        reported.item_id is not null as is_reported,
        reported.source_file,
        reported.source_row
    from points
    inner join snapshot_days
        on points.warehouse_id = snapshot_days.warehouse_id and points.point_date = snapshot_days.as_of_date
    left join reported
        on
            points.item_id = reported.item_id
            and points.warehouse_id = reported.warehouse_id
            and points.point_date = reported.as_of_date
    where
        reported.item_id is not null
        or (snapshot_days.lists_zeros = 0 and points.ledger_units <> 0)
),

judged as (
    select
        *,
        -- A snapshot taken before a late document was entered agrees with the ledger without it: that is timing, no difference.
        case when book_units = ledger_units - late_units then 0 else ledger_units - book_units end as variance_units
    from compared
),

final as (
    select
        judged.item_id,
        judged.warehouse_id,
        judged.snapshot_date,
        judged.ledger_units,
        {{ as_units('judged.late_units') }} as late_document_units,
        {{ as_units('judged.book_units') }} as book_units,
        judged.is_reported,
        {{ as_units('judged.variance_units') }} as variance_units,
        {{ as_value('judged.variance_units * item_warehouses.unit_cost_latest') }} as variance_value,
        case when item_warehouses.unit_cost_latest is null then {{ no_cost_status() }} else 'ok' end as value_status,
        lag(judged.snapshot_date) over grain as previous_snapshot_date,
        {{ as_units('judged.variance_units - coalesce(lag(judged.variance_units) over grain, 0)') }} as variance_change_units,
        judged.source_file,
        judged.source_row
    from judged
    left join item_warehouses
        on judged.item_id = item_warehouses.item_id and judged.warehouse_id = item_warehouses.warehouse_id
    window grain as (partition by judged.item_id, judged.warehouse_id order by judged.snapshot_date)
)

select * from final
