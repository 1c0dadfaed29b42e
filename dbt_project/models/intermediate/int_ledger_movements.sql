-- What the ledger runs on: the effective movements, each with the receipt or issue that it takes back, and the corrections of value that
-- name a movement. A correction moves nothing; it is in the grain of the receipt that it corrects.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

value_entries as (
    select * from {{ ref('stg_inventory_value_entries') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

-- Sources name a document by its key, or by document and line.
reversing as (
    select
        reversing.movement_key,
        reversing.quantity_units,
        reversed.movement_key as reversed_key,
        reversed.ref_doc_no,
        reversed.ref_line_id
    from movements as reversing
    inner join movements as reversed on reversing.source_instance || '|' || reversing.reverses_key = reversed.movement_key
    where reversing.reverses_key is not null
    union all
    select
        reversing.movement_key,
        reversing.quantity_units,
        reversed.movement_key as reversed_key,
        reversed.ref_doc_no,
        reversed.ref_line_id
    from movements as reversing
    inner join movements as reversed
        on
            reversing.source_instance = reversed.source_instance
            and reversing.reverses_key = reversed.source_doc_id || '/' || reversed.source_line_id
    where reversing.reverses_key is not null
),

reversals as (
    select * from reversing
    qualify row_number() over (partition by movement_key order by reversed_key) = 1
),

-- What comes back goes to the layers that its issue took: both carry the order of the issue, or a mark where it has none.
issue_marks as (
    select
        movement_key,
        coalesce(ref_doc_no, 'reversed ' || reversed_key) as ref_doc_no,
        ref_line_id
    from reversals
    where quantity_units > 0
    union all
    select distinct
        reversed_key as movement_key,
        coalesce(ref_doc_no, 'reversed ' || reversed_key) as ref_doc_no,
        ref_line_id
    from reversals
    where quantity_units > 0
),

marks as (
    select * from issue_marks
    qualify row_number() over (partition by movement_key order by ref_doc_no) = 1
),

moved as (
    select
        movements.* exclude (ref_doc_no, ref_line_id, reverses_key, source_doc_id), -- noqa: RF02
        coalesce(marks.ref_doc_no, movements.ref_doc_no) as ref_doc_no,
        case when marks.movement_key is null then movements.ref_line_id else marks.ref_line_id end as ref_line_id,
        case when reversals.quantity_units < 0 then reversals.reversed_key end as corrects_key
    from movements
    left join reversals on movements.movement_key = reversals.movement_key
    left join marks on movements.movement_key = marks.movement_key
),

corrections as (
    select
        'value|'
        || concat_ws('|', value_entries.source_instance, value_entries.source_doc_type, value_entries.source_doc_id)
        || '|' || value_entries.source_line_id || '|' || cast(value_entries.entry_sequence as varchar) as movement_key,
        receipts.item_id,
        receipts.warehouse_id,
        receipts.lot_no,
        receipts.stock_status,
        receipts.owner_type,
        receipts.owner_code,
        receipts.is_valued,
        value_entries.business_date,
        value_entries.entry_value as document_value,
        receipts.movement_key as corrects_key,
        value_entries.source_instance,
        value_entries.source_doc_type,
        value_entries.doc_no,
        value_entries.entry_kind as reason_code,
        value_entries.batch_id,
        value_entries.source_file,
        value_entries.source_row,
        value_entries.source_line_id
    from value_entries
    cross join run_parameters
    inner join movements as receipts
        on value_entries.source_instance || '|' || value_entries.movement_key = receipts.movement_key
    where {{ is_value_correction('value_entries') }} and value_entries.business_date <= run_parameters.as_of_date
),

numbered as (
    select
        *,
        (select count(*) from movements) + row_number() over (order by business_date, movement_key) as movement_sequence,
        'value_correction' as movement_type,
        false as is_demand,
        cast(0 as decimal(28, 6)) as quantity_units
    from corrections
),

final as (
    select * from moved
    union all by name
    select * from numbered
)

select * from final
