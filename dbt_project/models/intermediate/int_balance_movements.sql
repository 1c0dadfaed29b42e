-- Movements of companies that keep no documents: the opening of each stock grain from its first list, and between two lists what their
-- difference leaves over beside the issues and receipts that are known. The ledger is then built from balances, and says so.
with feeds as (
    select * from {{ ref('int_company_feeds') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

stock_lists as (
    select lists.*
    from {{ ref('stg_stock_on_hand') }} as lists
    inner join feeds on lists.company_code = feeds.company_code
    cross join run_parameters
    where feeds.ledger_basis = 'balances' and lists.as_of_date <= run_parameters.as_of_date
),

shipments as (
    select lines.*
    from {{ ref('stg_sales_shipment_lines') }} as lines
    inner join feeds on lines.company_code = feeds.company_code
    where
        feeds.ledger_basis = 'balances'
        and {{ is_effective('lines.doc_status') }}
        and lines.shipped_units is not null
        and lines.shipment_date > feeds.first_list_date
        and lines.shipment_date <= feeds.last_list_date
),

known_movements as (
    select moves.*
    from {{ ref('stg_stock_movements') }} as moves
    inner join feeds on moves.company_code = feeds.company_code
    where feeds.ledger_basis = 'balances' and {{ is_effective('moves.doc_status') }} and moves.quantity_units is not null
),

listed as (
    select
        item_id,
        warehouse_id,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        as_of_date,
        sum(on_hand_units) as on_hand_units,
        case
            when count(*) = count(coalesce(stock_value, unit_cost * on_hand_units))
                then sum(coalesce(cast(stock_value as double), cast(unit_cost as double) * cast(on_hand_units as double)))
        end as stock_value,
        max(expiry_date) as expiry_date,
        max(mfg_date) as mfg_date,
        max(last_receipt_date) as last_receipt_date,
        min(source_instance) as source_instance,
        min(batch_id) as batch_id,
        min(source_file) as source_file,
        min(source_row) as source_row
    from stock_lists
    group by item_id, warehouse_id, lot_no, stock_status, owner_type, owner_code, as_of_date
),

list_days as (
    select
        warehouse_id,
        as_of_date,
        min(source_instance) as source_instance,
        min(batch_id) as batch_id,
        min(source_file) as source_file
    from stock_lists
    group by warehouse_id, as_of_date
),

first_listed as (
    select
        item_id,
        warehouse_id,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        min(as_of_date) as first_date
    from listed
    group by item_id, warehouse_id, lot_no, stock_status, owner_type, owner_code
),

flows as (
    select
        item_id,
        warehouse_id,
        lot_no,
        'available' as stock_status,
        'own' as owner_type,
        '' as owner_code,
        shipment_date as business_date,
        -shipped_units as quantity_units
    from shipments
    union all
    select
        item_id,
        warehouse_id,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        business_date,
        quantity_units
    from known_movements
),

-- A grain that a later list of its warehouse leaves out has nothing left.
balances as (
    select
        first_listed.item_id,
        first_listed.warehouse_id,
        first_listed.lot_no,
        first_listed.stock_status,
        first_listed.owner_type,
        first_listed.owner_code,
        first_listed.first_date,
        list_days.as_of_date,
        coalesce(listed.on_hand_units, 0) as on_hand_units,
        listed.stock_value,
        listed.expiry_date,
        listed.mfg_date,
        listed.last_receipt_date,
        coalesce(listed.source_instance, list_days.source_instance) as source_instance,
        coalesce(listed.batch_id, list_days.batch_id) as batch_id,
        coalesce(listed.source_file, list_days.source_file) as source_file,
        coalesce(listed.source_row, 0) as source_row
    from first_listed
    inner join list_days
        on first_listed.warehouse_id = list_days.warehouse_id and first_listed.first_date <= list_days.as_of_date
    left join listed
        on
            first_listed.item_id = listed.item_id
            and first_listed.warehouse_id = listed.warehouse_id
            and first_listed.lot_no = listed.lot_no
            and first_listed.stock_status = listed.stock_status
            and first_listed.owner_type = listed.owner_type
            and first_listed.owner_code = listed.owner_code
            and list_days.as_of_date = listed.as_of_date
),

spans as (
    select
        *,
        lag(on_hand_units) over grain as previous_units,
        lag(as_of_date) over grain as previous_date
    from balances
    window grain as (
        partition by item_id, warehouse_id, lot_no, stock_status, owner_type, owner_code
        order by as_of_date
    )
),

known as (
    select
        spans.item_id,
        spans.warehouse_id,
        spans.lot_no,
        spans.stock_status,
        spans.owner_type,
        spans.owner_code,
        spans.as_of_date,
        sum(flows.quantity_units) as flow_units
    from spans
    inner join flows
        on
            spans.item_id = flows.item_id
            and spans.warehouse_id = flows.warehouse_id
            and spans.lot_no = flows.lot_no
            and spans.stock_status = flows.stock_status
            and spans.owner_type = flows.owner_type
            and spans.owner_code = flows.owner_code
            and spans.as_of_date >= flows.business_date
            and spans.previous_date < flows.business_date
    group by
        spans.item_id, spans.warehouse_id, spans.lot_no, spans.stock_status, spans.owner_type, spans.owner_code, spans.as_of_date
),

changes as (
    select
        spans.*,
        spans.on_hand_units - coalesce(spans.previous_units, 0) - coalesce(known.flow_units, 0) as change_units
    from spans
    left join known
        on
            spans.item_id = known.item_id
            and spans.warehouse_id = known.warehouse_id
            and spans.lot_no = known.lot_no
            and spans.stock_status = known.stock_status
            and spans.owner_type = known.owner_type
            and spans.owner_code = known.owner_code
            and spans.as_of_date = known.as_of_date
),

final as (
    select
        source_instance || '|stock_list|' || item_id || '|' || warehouse_id || '|' || lot_no || '|' || stock_status || '|'
        || owner_type || '|' || owner_code || '|' || as_of_date as movement_key,
        item_id,
        warehouse_id,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        case
            when previous_date is null then least(coalesce(last_receipt_date, as_of_date), as_of_date)
            else as_of_date
        end as business_date,
        case
            when previous_date is null then 'opening'
            when change_units > 0 then 'other_in'
            else 'adjustment_out'
        end as movement_type,
        cast(change_units as decimal(28, 6)) as quantity_units,
        case
            when change_units > 0 and on_hand_units <> 0
                then cast(round(stock_value / cast(on_hand_units as double), 8) as decimal(28, 8))
        end as unit_cost,
        expiry_date,
        mfg_date,
        source_instance,
        'stock_list' as source_doc_type,
        source_file as doc_no,
        'derived_from_balances' as reason_code,
        batch_id,
        source_file,
        source_row
    from changes
    where change_units <> 0
    union all
    select
        source_instance || '|shipment|' || shipment_no || '|' || shipment_line_id as movement_key,
        item_id,
        warehouse_id,
        lot_no,
        'available' as stock_status,
        'own' as owner_type,
        '' as owner_code,
        shipment_date as business_date,
        case when shipped_units < 0 then 'sales_return' else 'sales_issue' end as movement_type,
        -shipped_units as quantity_units,
        cast(null as decimal(28, 8)) as unit_cost,
        cast(null as date) as expiry_date,
        cast(null as date) as mfg_date,
        source_instance,
        'sales_shipment' as source_doc_type,
        shipment_no as doc_no,
        cast(null as varchar) as reason_code,
        batch_id,
        source_file,
        source_row
    from shipments
)

select * from final
