-- Movements that cannot be right, each with what it does to a difference: effect_units is what the other side will show above the book.
-- Errors that need a difference as proof (unit against a snapshot, double posting) are here only where some comparison of the item
-- in the warehouse changed by exactly their effect; rec_differences says which one it was.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

receipts as (
    select * from {{ ref('rec_receipts_movements') }}
),

shipments as (
    select * from {{ ref('rec_shipments_movements') }}
),

moved_lines as (
    select * from {{ ref('rec_moved_lines') }}
),

order_lines as (
    select * from {{ ref('stg_purchase_order_lines') }}
),

-- Lines of receipts and shipments that came again with other content after they were delivered.
changed_lines as (
    {% for contract, model, document in [
        ('purchase_receipt_line', 'stg_purchase_receipt_lines', 'receipt_no'),
        ('sales_shipment_line', 'stg_sales_shipment_lines', 'shipment_no'),
    ] %}
        select distinct
            lines.{{ document }} as doc_no,
            lines.item_id
        from {{ ref(model) }} as lines
        inner join {{ source('quality', 'superseded_rows') }} as superseded
            on lines.source_key = superseded.source_key
        where superseded.contract = '{{ contract }}' and superseded.reason = 'older_version'
        {{ 'union distinct' if not loop.last }}
    {% endfor %}
),

-- By how much any comparison changed, with the sign that an error's effect has.
gaps as (
    select distinct
        item_id,
        warehouse_id,
        gap_units
    from {{ ref('rec_changes') }}
),

item_factors as (
    select * from {{ ref('rec_item_factors') }}
),

-- 1. A sign against the type of the movement, not red.
sign_flips as (
    select
        movement_key,
        'sign_flip' as rule_id,
        -2 * quantity_units as effect_units,
        true as is_certain,
        {{ message("'sign_flip.document'", ['doc_no', number_text('quantity_units'), 'movement_type']) }} as message
    from movements
    where
        not is_red
        and quantity_units <> 0
        and {{ movement_sign('movement_type') }} <> 0
        and sign(quantity_units) <> {{ movement_sign('movement_type') }}
),

-- 2. The document of another system gives the same line with other units.
document_pairs as (
    select
        doc_no,
        item_id,
        warehouse_id,
        document_units,
        ledger_units,
        is_file_error,
        ledger_units as signed_ledger_units
    from receipts
    where has_document and has_movement and is_posted
    union all
    select
        doc_no,
        item_id,
        warehouse_id,
        document_units,
        ledger_units,
        is_file_error,
        -ledger_units as signed_ledger_units
    from shipments
    where has_document and has_movement and is_posted
),

unequal_documents as (
    select
        document_pairs.doc_no,
        document_pairs.item_id,
        document_pairs.warehouse_id,
        document_pairs.document_units,
        document_pairs.ledger_units,
        case when document_pairs.signed_ledger_units < 0 then -1 else 1 end
        * (document_pairs.document_units - document_pairs.ledger_units) as effect_units,
        greatest(document_pairs.document_units, document_pairs.ledger_units) as larger_units,
        least(document_pairs.document_units, document_pairs.ledger_units) as smaller_units
    from document_pairs
    where
        document_pairs.ledger_units > 0
        and document_pairs.document_units > 0
        and document_pairs.document_units <> document_pairs.ledger_units
        and not document_pairs.is_file_error
        -- What one line lacks and another has too much of is one slip (wrong_item, wrong_warehouse), not two quantities.
        and not exists (
            select 1 from moved_lines
            where
                moved_lines.doc_no = document_pairs.doc_no
                and (
                    moved_lines.item_id = document_pairs.item_id
                    and moved_lines.warehouse_id = document_pairs.warehouse_id
                    or moved_lines.right_item_id = document_pairs.item_id
                    and moved_lines.right_warehouse_id = document_pairs.warehouse_id
                )
        )
),

unequal_movements as (
    select
        movements.movement_key,
        -- Another unit only by a factor that this item has; any other figure was typed wrongly, or the document was changed.
        case
            when changed_lines.doc_no is not null then 'changed_document'
            when item_factors.factor is not null then 'unit_of_measure_mix'
            else 'quantity_mismatch'
        end as rule_id,
        unequal_documents.effect_units,
        true as is_certain,
        {{ message(
            "case when changed_lines.doc_no is not null then 'changed_document.quantity' when item_factors.factor is not null then 'unit_of_measure_mix.document' else 'quantity_mismatch' end",
            ['movements.doc_no', number_text('unequal_documents.ledger_units'), number_text('unequal_documents.document_units')]
        ) }} as message
    from unequal_documents
    inner join movements
        on
            unequal_documents.doc_no = movements.doc_no
            and unequal_documents.item_id = movements.item_id
            and unequal_documents.warehouse_id = movements.warehouse_id
    left join item_factors
        on
            unequal_documents.item_id = item_factors.item_id
            and unequal_documents.larger_units = unequal_documents.smaller_units * item_factors.factor
    left join changed_lines
        on unequal_documents.doc_no = changed_lines.doc_no and unequal_documents.item_id = changed_lines.item_id
),

-- The same document, the same units, another item: the ledger moved what was not handled.
wrong_items as (
    select
        movement_key,
        'wrong_item' as rule_id,
        -quantity_units as effect_units,
        true as is_certain,
        {{ message(
            "case kind when 'receipts' then 'wrong_item.receipt' else 'wrong_item.shipment' end", ['doc_no', 'right_item_id', 'item_id']
        ) }} as message
    from moved_lines
    where item_id <> right_item_id
),

-- 3. Entered in another unit than the base unit and taken over without its factor.
unconverted as (
    select
        movements.movement_key,
        'unit_of_measure_mix' as rule_id,
        movements.quantity_units * (item_warehouses.order_multiple_units - 1) as effect_units,
        false as is_certain,
        {{ message("'unit_of_measure_mix.entered'", ['movements.doc_no', 'movements.entered_uom', 'items.base_uom']) }} as message
    from movements
    inner join items on movements.item_id = items.item_id
    inner join item_warehouses
        on movements.item_id = item_warehouses.item_id and movements.warehouse_id = item_warehouses.warehouse_id
    where
        movements.entered_uom <> items.base_uom
        and abs(movements.entered_units) = abs(movements.quantity_units)
        and item_warehouses.order_multiple_units > 1
),

-- 4. A pack factor too much or too little, if a balance says so.
by_pack_factor as (
    select
        movements.movement_key,
        'unit_of_measure_mix' as rule_id,
        gaps.gap_units as effect_units,
        false as is_certain,
        {{ message(
            "case when gaps.gap_units = movements.quantity_units * (item_warehouses.order_multiple_units - 1) then 'unit_of_measure_mix.too_little' else 'unit_of_measure_mix.too_much' end",
            ['movements.doc_no', number_text('item_warehouses.order_multiple_units')]
        ) }} as message
    from gaps
    inner join item_warehouses
        on gaps.item_id = item_warehouses.item_id and gaps.warehouse_id = item_warehouses.warehouse_id
    inner join movements on gaps.item_id = movements.item_id and gaps.warehouse_id = movements.warehouse_id
    where
        -- With a factor of two the effect equals the quantity, which a missing or double document has as well: no evidence of a unit.
        item_warehouses.order_multiple_units > 2
        and movements.quantity_units <> 0
        and (
            gaps.gap_units = movements.quantity_units * (item_warehouses.order_multiple_units - 1)
            -- Booked as packs x factor once too often: only a whole number of packs can be.
            or (
                movements.quantity_units % item_warehouses.order_multiple_units = 0
                and gaps.gap_units * item_warehouses.order_multiple_units
                = movements.quantity_units * (1 - item_warehouses.order_multiple_units)
            )
        )
),

-- 5. The same line of the same order, posted again under another number, be it the source's internal one only.
numbered as (
    select
        movement_key,
        item_id,
        doc_no,
        source_doc_id,
        ref_doc_no,
        ref_line_id,
        movement_type,
        business_date,
        quantity_units,
        -- Of an order the first posting is the right one; like transfers come again and again, so the one before.
        case
            when movement_type in ('transfer_out', 'transfer_in') then lag(doc_no) over same_line
            else first_value(doc_no) over same_line
        end as first_doc_no,
        case
            when movement_type in ('transfer_out', 'transfer_in') then lag(source_doc_id) over same_line
            else first_value(source_doc_id) over same_line
        end as first_doc_id,
        case
            when movement_type in ('transfer_out', 'transfer_in') then lag(business_date) over same_line
            else first_value(business_date) over same_line
        end as first_date,
        row_number() over same_line as occurrence
    from movements
    where
        movement_type in ('purchase_receipt', 'sales_issue', 'sales_return', 'purchase_return', 'transfer_out', 'transfer_in')
        and not is_red
    window same_line as (
        partition by
            item_id,
            warehouse_id,
            lot_no,
            movement_type,
            quantity_units,
            coalesce(ref_doc_no, ''),
            coalesce(ref_line_id, ''),
            coalesce(partner_code, ''),
            coalesce(counterpart_warehouse_id, '')
        order by movement_sequence
    )
),

received_by_order as (
    select
        movements.ref_doc_no,
        movements.ref_line_id,
        movements.item_id,
        sum(movements.quantity_units) as received_units
    from movements
    where movements.movement_type in ('purchase_receipt', 'purchase_return') and movements.ref_doc_no is not null
    group by movements.ref_doc_no, movements.ref_line_id, movements.item_id
),

ordered as (
    select
        po_no,
        po_line_id,
        item_id,
        max(ordered_units) as ordered_units
    from order_lines
    group by po_no, po_line_id, item_id
),

repeats as (
    select
        numbered.movement_key,
        'duplicate_posting' as rule_id,
        -numbered.quantity_units as effect_units,
        -- Received above what was ordered, by this very line: no balance is needed to tell.
        coalesce(
            received_by_order.received_units > ordered.ordered_units
            and received_by_order.received_units - ordered.ordered_units >= numbered.quantity_units,
            false
        ) as is_certain,
        {{ message("'duplicate_posting'", ['numbered.doc_no', 'numbered.first_doc_no', 'numbered.first_date']) }} as message
    from numbered
    left join received_by_order
        on
            numbered.ref_doc_no = received_by_order.ref_doc_no
            and numbered.ref_line_id = received_by_order.ref_line_id
            and numbered.item_id = received_by_order.item_id
    left join ordered
        on
            numbered.ref_doc_no = ordered.po_no
            and numbered.ref_line_id = ordered.po_line_id
            and numbered.item_id = ordered.item_id
    where
        numbered.occurrence > 1
        and (numbered.doc_no <> numbered.first_doc_no or numbered.source_doc_id <> numbered.first_doc_id)
        -- Two like documents of one partner far apart are two orders: a double posting follows within the month. Transfers have no
        -- order, and like ones are common: the second follows within three days.
        and {{ days_between('numbered.first_date', 'numbered.business_date') }}
        <= case when numbered.movement_type in ('transfer_out', 'transfer_in') then 3 else 31 end
),

candidates as (
    select * from sign_flips
    union all
    select * from unequal_movements
    union all
    select * from wrong_items
    union all
    select * from unconverted
    union all
    select * from by_pack_factor
    union all
    select * from repeats
),

-- One candidate per movement, rule and effect; what is certain is kept before what needs proof.
ranked as (
    select
        *,
        row_number() over (
            partition by movement_key, rule_id, effect_units
            order by is_certain desc, message asc
        ) as preference
    from candidates
),

final as (
    select
        ranked.movement_key,
        ranked.rule_id,
        movements.item_id,
        movements.warehouse_id,
        movements.doc_no,
        movements.business_date,
        movements.movement_sequence,
        movements.quantity_units,
        {{ as_units('ranked.effect_units') }} as effect_units,
        ranked.is_certain,
        ranked.message,
        movements.source_file,
        movements.source_row
    from ranked
    inner join movements on ranked.movement_key = movements.movement_key
    left join gaps
        on
            movements.item_id = gaps.item_id
            and movements.warehouse_id = gaps.warehouse_id
            and {{ as_units('ranked.effect_units') }} = gaps.gap_units
    where ranked.preference = 1 and (ranked.is_certain or gaps.item_id is not null)
)

select * from final
