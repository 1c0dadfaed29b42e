-- Effective documents up to the run's date, in ledger order.
with movements as (
    select * from {{ ref('stg_stock_movements') }}
),

warehouses as (
    select * from {{ ref('int_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

feeds as (
    select * from {{ ref('int_company_feeds') }}
),

-- The second copy of a file that was issued again.
reissued as (
    select * from {{ ref('int_reissued_movements') }}
),

-- What the lot master says of a lot, for documents that do not say it themselves; warehouse_id is empty where lots are company-wide.
lots as (
    select
        item_id,
        warehouse_id,
        lot_no,
        max(expiry_date) as expiry_date,
        max(mfg_date) as mfg_date
    from {{ ref('stg_lots') }}
    where expiry_date is not null or mfg_date is not null
    group by item_id, warehouse_id, lot_no
),

-- Where stock lists are the ledger, what was there before the first one is in it.
delivered as (
    select movements.*
    from movements
    left join feeds on movements.company_code = feeds.company_code
    cross join run_parameters
    where
        {{ is_effective('movements.doc_status') }}
        -- Entered in a unit that no master has: a finding (unit_factor_mismatch), and no quantity to book.
        and movements.quantity_units is not null
        and movements.business_date <= run_parameters.as_of_date
        and coalesce(feeds.ledger_basis <> 'balances' or movements.business_date > feeds.first_list_date, true)
        and movements.movement_key not in (select reissued.movement_key from reissued)
),

effective as (
    select
        movement_key,
        item_id,
        warehouse_id,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        business_date,
        movement_type,
        quantity_units,
        unit_cost,
        expiry_date,
        mfg_date,
        source_instance,
        source_doc_type,
        doc_no,
        reason_code,
        batch_id,
        source_file,
        source_row,
        source_doc_id,
        source_line_id,
        leg,
        is_demand,
        cost_value,
        transfer_group_id,
        counterpart_warehouse_id,
        ref_doc_type,
        ref_doc_no,
        ref_line_id,
        entered_at,
        partner_code,
        entered_units,
        entered_uom,
        is_red,
        reverses_key
    from delivered
    union all
    select
        movement_key,
        item_id,
        warehouse_id,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        business_date,
        movement_type,
        quantity_units,
        unit_cost,
        expiry_date,
        mfg_date,
        source_instance,
        source_doc_type,
        doc_no,
        reason_code,
        batch_id,
        source_file,
        source_row,
        doc_no as source_doc_id,
        '1' as source_line_id,
        0 as leg,
        cast(null as boolean) as is_demand,
        cast(null as decimal(24, 4)) as cost_value,
        cast(null as varchar) as transfer_group_id,
        cast(null as varchar) as counterpart_warehouse_id,
        cast(null as varchar) as ref_doc_type,
        cast(null as varchar) as ref_doc_no,
        cast(null as varchar) as ref_line_id,
        cast(null as timestamp with time zone) as entered_at,
        cast(null as varchar) as partner_code,
        cast(null as decimal(28, 6)) as entered_units,
        cast(null as varchar) as entered_uom,
        false as is_red,
        cast(null as varchar) as reverses_key
    from {{ ref('int_balance_movements') }}
),

final as (
    select
        effective.movement_key,
        cast(row_number() over (
            order by
                effective.business_date,
                {{ movement_rank('effective.movement_type') }},
                effective.source_instance,
                effective.doc_no,
                effective.source_doc_id,
                -- By length first, so that line 10 comes after line 9.
                length(effective.source_line_id),
                effective.source_line_id,
                effective.leg,
                effective.movement_key
        ) as bigint) as movement_sequence,
        effective.item_id,
        effective.warehouse_id,
        effective.lot_no,
        effective.stock_status,
        effective.owner_type,
        effective.owner_code,
        effective.business_date,
        effective.movement_type,
        coalesce(effective.is_demand, {{ is_demand_type('effective.movement_type') }}) as is_demand,
        effective.owner_type = 'own' and coalesce(warehouses.is_valued, true) as is_valued,
        effective.quantity_units,
        cast(coalesce(
            effective.unit_cost,
            cast(effective.cost_value as double) / nullif(cast(effective.quantity_units as double), 0)
        ) as decimal(28, 8)) as unit_cost,
        effective.cost_value as document_value,
        effective.transfer_group_id,
        effective.counterpart_warehouse_id,
        effective.ref_doc_type,
        effective.ref_doc_no,
        effective.ref_line_id,
        coalesce(effective.expiry_date, warehouse_lots.expiry_date, company_lots.expiry_date) as lot_expiry_date,
        coalesce(effective.mfg_date, warehouse_lots.mfg_date, company_lots.mfg_date) as lot_mfg_date,
        effective.source_instance,
        effective.source_doc_type,
        effective.doc_no,
        effective.entered_at,
        effective.partner_code,
        effective.reason_code,
        effective.batch_id,
        effective.source_file,
        effective.source_row,
        effective.source_line_id,
        effective.source_doc_id,
        effective.reverses_key,
        effective.entered_units,
        effective.entered_uom,
        effective.is_red
    from effective
    left join warehouses on effective.warehouse_id = warehouses.warehouse_id
    left join lots as warehouse_lots
        on
            effective.lot_no <> ''
            and effective.item_id = warehouse_lots.item_id
            and effective.lot_no = warehouse_lots.lot_no
            and effective.warehouse_id = warehouse_lots.warehouse_id
    left join lots as company_lots
        on
            effective.lot_no <> ''
            and effective.item_id = company_lots.item_id
            and effective.lot_no = company_lots.lot_no
            and company_lots.warehouse_id = ''
)

select * from final
