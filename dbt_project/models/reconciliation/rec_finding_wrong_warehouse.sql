-- Two opposite differences of one item in two warehouses that one document explains, or a receipt that stands in the ledger elsewhere.
with differences as (
    select * from {{ ref('rec_differences') }}
),

receipts as (
    select * from {{ ref('rec_receipts_movements') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

by_document as (
    select
        receipts.doc_no,
        receipts.item_id,
        elsewhere.warehouse_id,
        receipts.warehouse_id as other_warehouse_id,
        elsewhere.ledger_date as business_date,
        -elsewhere.ledger_units as variance_units,
        1 as preference_group
    from receipts
    inner join receipts as elsewhere
        on
            receipts.doc_no = elsewhere.doc_no
            and receipts.item_id = elsewhere.item_id
            and receipts.document_units = elsewhere.ledger_units
            and elsewhere.has_movement
            and not elsewhere.has_document
    where receipts.has_document and not receipts.has_movement
),

-- Of the two sides, the one where the book holds what is not there.
by_difference as (
    select
        first_doc_no as doc_no,
        item_id,
        warehouse_id,
        other_warehouse_id,
        first_doc_date as business_date,
        variance_units,
        2 as preference_group
    from differences
    where variance_cause = 'wrong_warehouse' and variance_units < 0 and variance_after_units <> 0
),

found as (
    select
        *,
        row_number() over (
            partition by item_id, doc_no
            order by preference_group, business_date, warehouse_id, variance_units
        ) as preference
    from (
        select * from by_document
        union all
        select * from by_difference
    ) as both_ways
),

located as (
    select
        item_id,
        doc_no,
        min_by(source_file, movement_sequence) as source_file,
        min_by(source_row, movement_sequence) as source_row
    from movements
    group by item_id, doc_no
),

final as (
    select
        'wrong_warehouse' as rule_id,
        found.doc_no || '|' || found.item_id as subject,
        cast(null as varchar) as severity_override,
        cast(found.item_id as varchar) as item_id,
        cast(found.warehouse_id as varchar) as warehouse_id,
        cast(found.doc_no as varchar) as doc_no,
        cast(found.business_date as date) as business_date,
        {{ as_units('found.variance_units') }} as variance_units,
        {{ as_value('found.variance_units * item_warehouses.unit_cost_latest') }} as variance_value,
        cast('wrong_warehouse' as varchar) as cause,
        'document ' || found.doc_no || ' is booked to ' || found.warehouse_id || '; the goods are in '
        || found.other_warehouse_id as explanation,
        cast(located.source_file as varchar) as source_file,
        cast(located.source_row as bigint) as source_row
    from found
    left join item_warehouses
        on found.item_id = item_warehouses.item_id and found.warehouse_id = item_warehouses.warehouse_id
    left join located on found.item_id = located.item_id and found.doc_no = located.doc_no
    where found.preference = 1
)

select * from final
