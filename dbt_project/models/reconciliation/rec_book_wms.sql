-- ERP against WMS after the timing bridge: what is received but not posted, and picked but not shipped. variance = physical - book.
with points as (
    select * from {{ ref('rec_stock_points') }}
),

ledger_book as (
    select * from {{ ref('rec_ledger_book') }}
),

physical as (
    select * from {{ ref('stg_wms_stock') }}
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

reported as (
    select
        item_id,
        warehouse_id,
        as_of_date,
        sum(physical_units) as physical_units,
        sum(coalesce(received_not_posted_units, 0)) as received_not_posted_units,
        sum(coalesce(picked_not_shipped_units, 0)) as picked_not_shipped_units,
        min(source_file) as source_file,
        min(source_row) as source_row
    from physical
    group by item_id, warehouse_id, as_of_date
),

physical_days as (
    select
        physical.warehouse_id,
        physical.as_of_date,
        max(listing.lists_zeros) as lists_zeros
    from physical
    inner join (
        select
            listed.source_instance,
            max(case when listed.physical_units = 0 and coalesce(listed.picked_not_shipped_units, 0) = 0 then 1 else 0 end) as lists_zeros
        from physical as listed
        group by listed.source_instance
    ) as listing on physical.source_instance = listing.source_instance
    group by physical.warehouse_id, physical.as_of_date
),

book_days as (
    select distinct
        warehouse_id,
        snapshot_date
    from ledger_book
),

compared as (
    select
        points.item_id,
        points.warehouse_id,
        points.point_date as snapshot_date,
        -- The ERP's own figure where it gave one that day, else the ledger's.
        case when book_days.warehouse_id is not null then coalesce(ledger_book.book_units, 0) else points.ledger_units end
            as book_units,
        case when book_days.warehouse_id is not null then 'erp_snapshot' else 'ledger' end as book_source,
        coalesce(reported.physical_units, 0) as physical_units,
        coalesce(reported.received_not_posted_units, 0) as received_not_posted_units,
        coalesce(reported.picked_not_shipped_units, 0) as picked_not_shipped_units,
        reported.item_id is not null as is_reported,
        physical_days.lists_zeros,
        points.ledger_units,
        points.late_units,
        reported.source_file,
        reported.source_row
    from points
    inner join physical_days
        on points.warehouse_id = physical_days.warehouse_id and points.point_date = physical_days.as_of_date
    left join book_days
        on points.warehouse_id = book_days.warehouse_id and points.point_date = book_days.snapshot_date
    left join ledger_book
        on
            points.item_id = ledger_book.item_id
            and points.warehouse_id = ledger_book.warehouse_id
            and points.point_date = ledger_book.snapshot_date
    left join reported
        on
            points.item_id = reported.item_id
            and points.warehouse_id = reported.warehouse_id
            and points.point_date = reported.as_of_date
),

judged as (
    select
        *,
        book_units + received_not_posted_units - picked_not_shipped_units as expected_units,
        -- Goods moved on their day, the document entered later: the ERP did not have it yet, the shelf did. Timing, no difference.
        case
            when
                late_units <> 0
                and book_units = ledger_units - late_units
                and physical_units = ledger_units + received_not_posted_units - picked_not_shipped_units
                then 0
            else physical_units - (book_units + received_not_posted_units - picked_not_shipped_units)
        end as variance_units
    from compared
    where is_reported or (lists_zeros = 0 and book_units <> 0)
),

final as (
    select
        judged.item_id,
        judged.warehouse_id,
        judged.snapshot_date,
        {{ as_units('judged.book_units') }} as book_units,
        judged.book_source,
        {{ as_units('judged.received_not_posted_units') }} as received_not_posted_units,
        {{ as_units('judged.picked_not_shipped_units') }} as picked_not_shipped_units,
        {{ as_units('judged.expected_units') }} as expected_units,
        {{ as_units('judged.physical_units') }} as physical_units,
        judged.is_reported,
        {{ as_units('judged.variance_units') }} as variance_units,
        {{ as_value('judged.variance_units * item_warehouses.unit_cost_latest') }} as variance_value,
        case when item_warehouses.unit_cost_latest is null then {{ no_cost_status() }} else 'ok' end as value_status,
        lag(judged.snapshot_date) over grain as previous_snapshot_date,
        {{ as_units('judged.variance_units - coalesce(lag(judged.variance_units) over grain, 0)') }} as variance_change_units,
        abs(cast(judged.variance_units as double)) > abs(cast(judged.expected_units as double)) * case item_classes.abc_class
            when 'A' then run_parameters.count_tolerance_a_rate
            when 'B' then run_parameters.count_tolerance_b_rate
            else run_parameters.count_tolerance_c_rate
        end as is_beyond_tolerance,
        judged.source_file,
        judged.source_row
    from judged
    cross join run_parameters
    left join item_classes
        on judged.item_id = item_classes.item_id and judged.warehouse_id = item_classes.warehouse_id
    left join item_warehouses
        on judged.item_id = item_warehouses.item_id and judged.warehouse_id = item_warehouses.warehouse_id
    window grain as (partition by judged.item_id, judged.warehouse_id order by judged.snapshot_date)
)

select * from final
