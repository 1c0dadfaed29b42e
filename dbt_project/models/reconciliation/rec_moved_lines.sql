-- Lines that the ledger has under another item or in another warehouse than the document of the system that handled the goods: within
-- one document, what one line lacks another has too much of. A line that fits several others is left to the rules of single lines.
with receipts as (
    select * from {{ ref('rec_receipts_movements') }}
),

shipments as (
    select * from {{ ref('rec_shipments_movements') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

compared as (
    {% for relation in ['receipts', 'shipments'] %}
        select
            '{{ relation }}' as kind,
            doc_no,
            item_id,
            warehouse_id,
            has_document,
            has_movement,
            ledger_date,
            document_units - ledger_units as lacking_units
        from {{ relation }}
        where document_units <> ledger_units and not is_file_error
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

paired as (
    select
        lacking.kind,
        lacking.doc_no,
        lacking.item_id as right_item_id,
        lacking.warehouse_id as right_warehouse_id,
        booked.item_id,
        booked.warehouse_id,
        booked.ledger_date,
        lacking.lacking_units as units,
        count(*) over (
            partition by lacking.kind, lacking.doc_no, lacking.item_id, lacking.warehouse_id
        ) as ways,
        count(*) over (
            partition by booked.kind, booked.doc_no, booked.item_id, booked.warehouse_id
        ) as other_ways
    from compared as lacking
    inner join compared as booked
        on
            lacking.kind = booked.kind
            and lacking.doc_no = booked.doc_no
            and lacking.lacking_units = -booked.lacking_units
    where
        lacking.has_document
        and booked.has_movement
        and lacking.lacking_units > 0
        -- One slip: the item or the place, not both.
        and (lacking.item_id = booked.item_id) <> (lacking.warehouse_id = booked.warehouse_id)
),

final as (
    select
        paired.kind,
        paired.doc_no,
        paired.item_id,
        paired.warehouse_id,
        paired.right_item_id,
        paired.right_warehouse_id,
        paired.ledger_date,
        {{ as_units('paired.units') }} as moved_units,
        min_by(movements.movement_key, movements.movement_sequence) as movement_key,
        {{ as_units('min_by(movements.quantity_units, movements.movement_sequence)') }} as quantity_units
    from paired
    inner join movements
        on
            paired.doc_no = movements.doc_no
            and paired.item_id = movements.item_id
            and paired.warehouse_id = movements.warehouse_id
            and paired.units = abs(movements.quantity_units)
    where paired.ways = 1 and paired.other_ways = 1
    group by
        paired.kind,
        paired.doc_no,
        paired.item_id,
        paired.warehouse_id,
        paired.right_item_id,
        paired.right_warehouse_id,
        paired.ledger_date,
        paired.units
)

select * from final
