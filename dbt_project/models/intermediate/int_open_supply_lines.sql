-- Every order line and transfer that is still to come, one row each: who brings it, when it was promised and when it is expected now.
with order_lines as (
    select * from {{ ref('stg_purchase_order_lines') }}
),

received as (
    select
        po_no,
        po_line_id,
        supplier_id,
        sum(received_units) as received_units
    from {{ ref('int_supplier_lead_times') }}
    group by po_no, po_line_id, supplier_id
),

handed_over as (
    select * from {{ ref('stg_order_acknowledgements') }}
),

planned as (
    select * from {{ ref('stg_supplier_plans') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

purchases as (
    select
        order_lines.item_id,
        order_lines.warehouse_id,
        'purchase_order' as source,
        order_lines.po_no as order_no,
        order_lines.po_line_id as order_line_id,
        order_lines.supplier_id,
        cast(null as varchar) as from_warehouse_id,
        order_lines.order_date,
        coalesce(
            order_lines.due_date,
            {{ add_days('order_lines.order_date', 'item_warehouses.lead_time_days_master') }},
            run_parameters.as_of_date
        ) as promised_date,
        order_lines.confirmed_date,
        coalesce(
            order_lines.open_units,
            order_lines.ordered_units - coalesce(order_lines.received_units, received.received_units, 0)
        ) as open_units,
        order_lines.unit_price
    from order_lines
    cross join run_parameters
    left join received
        on
            order_lines.po_no = received.po_no
            and order_lines.po_line_id = received.po_line_id
            and order_lines.supplier_id = received.supplier_id
    left join item_warehouses
        on order_lines.item_id = item_warehouses.item_id and order_lines.warehouse_id = item_warehouses.warehouse_id
    where
        order_lines.doc_status in ('submitted', 'approved', 'posted')
        and not order_lines.is_closed
        and order_lines.order_date <= run_parameters.as_of_date
),

transfer_groups as (
    select
        item_id,
        transfer_group_id,
        min(case when quantity_units < 0 then business_date end) as sent_date,
        max(case when quantity_units < 0 then warehouse_id end) as from_warehouse_id,
        max(case when quantity_units < 0 then counterpart_warehouse_id end) as to_warehouse_id,
        max(case when quantity_units < 0 then doc_no end) as doc_no,
        -sum(quantity_units) as in_transit_units
    from movements
    where transfer_group_id is not null and movement_type in ('transfer_out', 'transfer_in')
    group by item_id, transfer_group_id
),

transfers as (
    select
        transfer_groups.item_id,
        transfer_groups.to_warehouse_id as warehouse_id,
        'transfer' as source,
        transfer_groups.doc_no as order_no,
        transfer_groups.transfer_group_id as order_line_id,
        cast(null as varchar) as supplier_id,
        transfer_groups.from_warehouse_id,
        transfer_groups.sent_date as order_date,
        {{ add_days('transfer_groups.sent_date', 'run_parameters.transit_days') }} as promised_date,
        cast(null as date) as confirmed_date,
        transfer_groups.in_transit_units as open_units,
        cast(null as decimal(28, 8)) as unit_price
    from transfer_groups
    cross join run_parameters
    where transfer_groups.to_warehouse_id is not null
),

-- Draft orders that were handed over count until the order of the ERP is delivered with the extracts: an order that is under way
-- must not be proposed twice. What nobody acknowledged within 14 days (two order cycles of a weekly buyer; set 2026-11-30) lapses.
acknowledgements as (
    select
        handed_over.item_id,
        handed_over.warehouse_id,
        'handed_over' as source,
        coalesce(handed_over.po_no, handed_over.draft_no) as order_no,
        handed_over.draft_no || '/' || handed_over.draft_line_id as order_line_id,
        handed_over.supplier_id,
        cast(null as varchar) as from_warehouse_id,
        handed_over.ack_date as order_date,
        coalesce(handed_over.due_date, handed_over.ack_date) as promised_date,
        cast(null as date) as confirmed_date,
        handed_over.ordered_units as open_units,
        cast(null as decimal(28, 8)) as unit_price
    from handed_over
    cross join run_parameters
    where
        (
            handed_over.ack_status = 'accepted'
            or (handed_over.ack_status = 'sent' and handed_over.ack_date >= {{ add_days('run_parameters.as_of_date', -14) }})
        )
        and handed_over.ack_date <= run_parameters.as_of_date
        and not exists (
            select 1 from order_lines
            where
                order_lines.item_id = handed_over.item_id
                and order_lines.supplier_id = handed_over.supplier_id
                and (
                    order_lines.po_no = handed_over.po_no
                    or (
                        handed_over.po_no is null
                        and order_lines.warehouse_id = handed_over.warehouse_id
                        and order_lines.order_date >= handed_over.ack_date
                    )
                )
        )
),

-- Deliveries that VMI and JIT suppliers plan; where an order is open with the supplier, it is that order which is delivered.
supplier_plans as (
    select
        planned.item_id,
        planned.warehouse_id,
        'supplier_plan' as source,
        'plan' as order_no,
        cast(planned.delivery_date as varchar) as order_line_id,
        planned.supplier_id,
        cast(null as varchar) as from_warehouse_id,
        planned.extract_date as order_date,
        planned.delivery_date as promised_date,
        cast(null as date) as confirmed_date,
        planned.planned_units as open_units,
        cast(null as decimal(28, 8)) as unit_price
    from planned
    cross join run_parameters
    where
        planned.delivery_date >= run_parameters.as_of_date
        and not exists (
            select 1 from purchases
            where
                purchases.item_id = planned.item_id
                and purchases.supplier_id = planned.supplier_id
                and purchases.open_units > 0
        )
),

supply as (
    select * from purchases
    union all
    select * from transfers
    union all
    select * from acknowledgements
    union all
    select * from supplier_plans
),

final as (
    select
        supply.item_id,
        supply.warehouse_id,
        supply.source,
        supply.order_no,
        supply.order_line_id,
        supply.supplier_id,
        supply.from_warehouse_id,
        supply.order_date,
        supply.promised_date,
        supply.confirmed_date,
        coalesce(supply.confirmed_date, supply.promised_date) as due_date,
        {{ as_units('supply.open_units') }} as open_units,
        supply.unit_price,
        coalesce(supply.confirmed_date, supply.promised_date) < run_parameters.as_of_date as is_overdue,
        case
            when supply.promised_date < run_parameters.as_of_date
                then cast({{ days_between('supply.promised_date', 'run_parameters.as_of_date') }} as bigint)
            else 0
        end as overdue_days
    from supply
    cross join run_parameters
    where supply.open_units > 0
)

select * from final
