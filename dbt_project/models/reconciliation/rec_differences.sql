-- Every change of a difference (rec_changes) with its cause and the first document at which the sides part.
with book_count as (
    select * from {{ ref('rec_book_count') }}
),

keyed as (
    select * from {{ ref('rec_changes') }}
),

document_errors as (
    select * from {{ ref('rec_document_errors') }}
),

moved_lines as (
    select * from {{ ref('rec_moved_lines') }}
),

missing_days as (
    select
        company_code,
        missing_date,
        'missing_movement_day' as cause
    from {{ ref('rec_missing_days') }}
    union all
    select
        company_code,
        cut_date as missing_date,
        'short_file' as cause
    from {{ ref('rec_cut_files') }}
    where contract = 'stock_movement'
),

receipts as (
    select * from {{ ref('rec_receipts_movements') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

continuity as (
    select * from {{ ref('rec_continuity') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

quarantined_rows as (
    select * from {{ source('quality', 'quarantined_rows') }}
),

shipments as (
    select * from {{ ref('rec_shipments_movements') }}
),

messages as (
    select * from {{ ref('finding_messages') }}
),

delivery_history as (
    select * from {{ ref('rec_delivery_history') }}
),

-- Documents that cannot be right, between the last agreement and the difference, with exactly its effect.
error_matches as (
    select
        keyed.difference_id,
        document_errors.rule_id,
        document_errors.movement_key,
        document_errors.doc_no,
        document_errors.business_date,
        document_errors.message,
        row_number() over (
            partition by keyed.difference_id
            order by
                document_errors.is_certain desc,
                case document_errors.rule_id
                    when 'sign_flip' then 1
                    when 'duplicate_posting' then 2
                    else 3
                end,
                document_errors.movement_sequence desc
        ) as preference
    from keyed
    inner join document_errors
        on
            keyed.item_id = document_errors.item_id
            and keyed.warehouse_id = document_errors.warehouse_id
            and keyed.gap_units = document_errors.effect_units
            and keyed.first_date >= document_errors.business_date
            and (keyed.agreed_date is null or keyed.agreed_date < document_errors.business_date)
    where
        document_errors.is_certain
        -- What is only possible explains by coincidence if it may look back far: a month, where no earlier agreement bounds it
        -- (demo company, November 2026: of two counts that matched beyond, both were chance).
        or {{ days_between('document_errors.business_date', 'keyed.first_date') }} <= 31
        or keyed.agreed_date is not null
),

-- Several certain errors at once: together they make the difference.
error_sums as (
    select
        keyed.difference_id,
        sum(document_errors.effect_units) as effect_units,
        min_by(document_errors.rule_id, document_errors.movement_sequence) as rule_id,
        min_by(document_errors.movement_key, document_errors.movement_sequence) as movement_key,
        min_by(document_errors.doc_no, document_errors.movement_sequence) as doc_no,
        min(document_errors.business_date) as business_date
    from keyed
    inner join document_errors
        on
            keyed.item_id = document_errors.item_id
            and keyed.warehouse_id = document_errors.warehouse_id
            and document_errors.is_certain
            and keyed.first_date >= document_errors.business_date
            and (keyed.agreed_date is null or keyed.agreed_date < document_errors.business_date)
    group by keyed.difference_id
),

missing_matches as (
    select
        keyed.difference_id,
        min(missing_days.missing_date) as missing_date,
        min_by(missing_days.cause, missing_days.missing_date) as cause
    from keyed
    inner join missing_days
        on
            split_part(keyed.item_id, '/', 1) = missing_days.company_code
            and keyed.first_date >= missing_days.missing_date
            and (keyed.agreed_date is null or keyed.agreed_date < missing_days.missing_date)
    where keyed.comparison = 'ledger_book' or keyed.agreed_date is not null
    group by keyed.difference_id
),

receipt_matches as (
    {{ document_matches('receipts') }}
),

shipment_matches as (
    {{ document_matches('shipments', '-') }}
),

-- Counted, or listed, in packs: one side is the other times the pack factor. With a factor of two any half would fit.
pack_matches as (
    select
        keyed.difference_id,
        {{ message("'pack_factor'", [number_text('item_warehouses.order_multiple_units')]) }} as message
    from keyed
    inner join item_warehouses
        on keyed.item_id = item_warehouses.item_id and keyed.warehouse_id = item_warehouses.warehouse_id
    where
        keyed.comparison in ('book_wms', 'book_count')
        and item_warehouses.order_multiple_units > 2
        and keyed.other_units <> 0
        and keyed.book_units <> 0
        and (
            keyed.other_units * item_warehouses.order_multiple_units = keyed.book_units
            or keyed.other_units = keyed.book_units * item_warehouses.order_multiple_units
        )
),

-- Lines that a list which came short does not have; movements that a short file did not bring.
short_files as (
    select
        contract,
        extract_date
    from delivery_history
    where {{ is_short_delivery() }}
),

short_matches as (
    select keyed.difference_id
    from keyed
    inner join short_files
        on
            keyed.comparison = 'ledger_book'
            and short_files.contract = 'stock_on_hand'
            and keyed.first_date = short_files.extract_date
            and keyed.source_file is null
            or keyed.comparison = 'book_wms'
            and short_files.contract = 'wms_stock'
            and keyed.first_date = short_files.extract_date
            and keyed.source_file is null
            -- The ERP's list is the book that the WMS is compared with.
            or keyed.comparison = 'book_wms'
            and short_files.contract = 'stock_on_hand'
            and keyed.first_date = short_files.extract_date
            or keyed.comparison = 'ledger_book'
            and short_files.contract = 'stock_movement'
            and keyed.first_date >= short_files.extract_date
            and keyed.agreed_date < short_files.extract_date
    group by keyed.difference_id
),

-- Documents of a shifted file: between their own day and their day in the ledger the ledger has them too early or too late.
shifted_documents as (
    select * from {{ ref('rec_shifted_documents') }}
),

shift_effects as (
    select
        item_id,
        warehouse_id,
        document_date as effect_date,
        moved_units as effect_units
    from shifted_documents
    union all
    select
        item_id,
        warehouse_id,
        ledger_date as effect_date,
        -moved_units as effect_units
    from shifted_documents
),

shifted_days as (
    select
        item_id,
        warehouse_id,
        effect_date,
        sum(effect_units) as effect_units
    from shift_effects
    group by item_id, warehouse_id, effect_date
),

shift_matches as (
    select keyed.difference_id
    from keyed
    inner join shifted_days
        on
            keyed.item_id = shifted_days.item_id
            and keyed.warehouse_id = shifted_days.warehouse_id
            and keyed.first_date >= shifted_days.effect_date
            and (keyed.agreed_date is null or keyed.agreed_date < shifted_days.effect_date)
    where keyed.comparison = 'ledger_book'
    group by keyed.difference_id, keyed.gap_units
    having sum(shifted_days.effect_units) = keyed.gap_units
),

-- The same item, as much too little here as too much there, from the same day on.
opposite as (
    select
        keyed.difference_id,
        min(others.warehouse_id) as other_warehouse_id
    from keyed
    inner join keyed as others
        on
            keyed.comparison = others.comparison
            and keyed.item_id = others.item_id
            and keyed.first_date = others.first_date
            and keyed.warehouse_id <> others.warehouse_id
            and keyed.variance_units = -others.variance_units
    group by keyed.difference_id
),

-- The document that explains it: it moved just that much in the warehouse that the book favours.
warehouse_matches as (
    select
        keyed.difference_id,
        opposite.other_warehouse_id,
        movements.movement_key,
        movements.doc_no,
        movements.business_date,
        -- A line that its own document contradicts goes before one that has the same units by chance.
        row_number() over (
            partition by keyed.difference_id
            order by moved_lines.movement_key is null asc, movements.movement_sequence desc
        ) as preference
    from keyed
    inner join opposite on keyed.difference_id = opposite.difference_id
    inner join movements
        on
            keyed.item_id = movements.item_id
            -- Where the movement is booked, the other side shows the opposite of it; where it belongs, itself.
            and (
                keyed.warehouse_id = movements.warehouse_id and keyed.gap_units = -movements.quantity_units
                or opposite.other_warehouse_id = movements.warehouse_id and keyed.gap_units = movements.quantity_units
            )
            and keyed.first_date >= movements.business_date
            and (keyed.agreed_date is null or keyed.agreed_date < movements.business_date)
    left join moved_lines on movements.movement_key = moved_lines.movement_key
),

quarantine_matches as (
    select
        keyed.difference_id,
        min(quarantined_rows.batch_id) as batch_id
    from keyed
    inner join quarantined_rows
        on
            quarantined_rows.contract = 'stock_movement'
            and split_part(keyed.item_id, '/', 2) = quarantined_rows.item_code
            and (
                quarantined_rows.warehouse_code is null
                or split_part(keyed.warehouse_id, '/', 2) = quarantined_rows.warehouse_code
            )
            and keyed.first_date >= {{ add_days('cast(quarantined_rows.extract_date as date)', -31) }}
    group by keyed.difference_id
),

-- The ERP's list moved away from its own documents, and the shelf did not follow: the other comparison reports it.
list_changes as (
    select wms.difference_id
    from keyed as wms
    inner join keyed as lists
        on
            wms.item_id = lists.item_id
            and wms.warehouse_id = lists.warehouse_id
            and wms.variance_units = lists.variance_units
            and wms.first_date >= lists.first_date
            and (wms.agreed_date is null or wms.agreed_date < lists.first_date)
    where wms.comparison = 'book_wms' and lists.comparison = 'ledger_book'
    group by wms.difference_id
),

-- Periodic sources: what a count found and what the next period opens with are taken over into the book without a movement.
period_matches as (
    select
        keyed.difference_id,
        max(case when continuity.variance_units <> 0 then 1 else 0 end) as is_break
    from keyed
    inner join continuity
        on
            keyed.item_id = continuity.item_id
            and keyed.warehouse_id = continuity.warehouse_id
            and keyed.first_date = continuity.opening_date
    left join book_count
        on
            continuity.source_instance = book_count.source_instance
            and continuity.item_id = book_count.item_id
            and continuity.warehouse_id = book_count.warehouse_id
            and continuity.close_date = book_count.count_date
    where
        keyed.comparison = 'ledger_book'
        and keyed.gap_units = continuity.variance_units + coalesce(book_count.variance_units, 0)
    group by keyed.difference_id
),

judged as (
    select
        keyed.*,
        case
            when keyed.is_posted then 'posted_count'
            when period_matches.is_break = 1 then 'continuity_break'
            when period_matches.is_break = 0 then 'count_taken_over'
            when list_changes.difference_id is not null then 'ledger_book_mismatch'
            when error_matches.rule_id is not null then error_matches.rule_id
            when error_sums.effect_units = keyed.gap_units then error_sums.rule_id
            when receipt_matches.difference_id is not null then 'unposted_receipt'
            when warehouse_matches.difference_id is not null then 'wrong_warehouse'
            when shipment_matches.difference_id is not null then 'unposted_shipment'
            when missing_matches.difference_id is not null then missing_matches.cause
            when shift_matches.difference_id is not null then 'date_shift'
            when quarantine_matches.difference_id is not null then 'quarantined_row'
            when short_matches.difference_id is not null then 'short_file'
            when pack_matches.difference_id is not null then 'unit_of_measure_mix'
            when opposite.difference_id is not null then 'unposted_transfer'
            else 'unexplained'
        end as variance_cause,
        coalesce(
            error_matches.doc_no,
            case when error_sums.effect_units = keyed.gap_units then error_sums.doc_no end,
            receipt_matches.doc_no,
            warehouse_matches.doc_no,
            shipment_matches.doc_no
        ) as first_doc_no,
        coalesce(
            error_matches.movement_key,
            case when error_sums.effect_units = keyed.gap_units then error_sums.movement_key end,
            warehouse_matches.movement_key
        ) as movement_key,
        coalesce(
            error_matches.business_date,
            case when error_sums.effect_units = keyed.gap_units then error_sums.business_date end,
            receipt_matches.document_date,
            warehouse_matches.business_date,
            shipment_matches.document_date,
            missing_matches.missing_date
        ) as first_doc_date,
        coalesce(warehouse_matches.other_warehouse_id, opposite.other_warehouse_id) as other_warehouse_id,
        coalesce(error_matches.message, pack_matches.message) as message
    from keyed
    left join error_matches on keyed.difference_id = error_matches.difference_id and error_matches.preference = 1
    left join error_sums on keyed.difference_id = error_sums.difference_id
    left join receipt_matches on keyed.difference_id = receipt_matches.difference_id
    left join warehouse_matches
        on keyed.difference_id = warehouse_matches.difference_id and warehouse_matches.preference = 1
    left join missing_matches on keyed.difference_id = missing_matches.difference_id
    left join shipment_matches on keyed.difference_id = shipment_matches.difference_id
    left join shift_matches on keyed.difference_id = shift_matches.difference_id
    left join short_matches on keyed.difference_id = short_matches.difference_id
    left join pack_matches on keyed.difference_id = pack_matches.difference_id
    left join opposite on keyed.difference_id = opposite.difference_id
    left join period_matches on keyed.difference_id = period_matches.difference_id
    left join list_changes on keyed.difference_id = list_changes.difference_id
    left join quarantine_matches on keyed.difference_id = quarantine_matches.difference_id
),

final as (
    select
        judged.difference_id,
        judged.comparison,
        judged.count_no,
        judged.item_id,
        judged.warehouse_id,
        judged.first_date,
        judged.agreed_date,
        {{ as_units('judged.book_units') }} as book_units,
        {{ as_units('judged.other_units') }} as other_units,
        {{ as_units('judged.variance_units') }} as variance_units,
        {{ as_units('judged.variance_after_units') }} as variance_after_units,
        {{ as_value('judged.variance_units * item_warehouses.unit_cost_latest') }} as variance_value,
        case when item_warehouses.unit_cost_latest is null then {{ no_cost_status() }} else 'ok' end as value_status,
        judged.variance_cause,
        judged.first_doc_no,
        judged.first_doc_date,
        judged.movement_key,
        judged.other_warehouse_id,
        {{ filled_message('messages.text_en', 'judged.message') }} as evidence,
        judged.is_beyond_tolerance,
        judged.is_posted,
        judged.source_file,
        judged.source_row
    from judged
    left join item_warehouses
        on judged.item_id = item_warehouses.item_id and judged.warehouse_id = item_warehouses.warehouse_id
    left join messages on {{ message_id('judged.message') }} = messages.message_id
)

select * from final
