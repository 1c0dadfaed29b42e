-- One row per sales order line that is demand on our stock, with what was shipped by when and whether the shelf was short.
with order_lines as (
    select * from {{ ref('stg_sales_order_lines') }}
),

shipment_lines as (
    select * from {{ ref('stg_sales_shipment_lines') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

balances as (
    select * from {{ ref('int_item_warehouse_balances') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

demanded as (
    select
        order_lines.company_code,
        order_lines.source_instance,
        order_lines.so_no,
        order_lines.so_line_id,
        order_lines.item_id,
        order_lines.warehouse_id,
        order_lines.order_date,
        coalesce(order_lines.requested_date, order_lines.order_date) as requested_date,
        coalesce(order_lines.promised_date, order_lines.requested_date, order_lines.order_date) as promised_date,
        order_lines.ordered_units,
        order_lines.is_closed,
        least(coalesce(order_lines.cancelled_units, 0), order_lines.ordered_units) as cancelled_units,
        -- What is still wanted: a line that the customer took back is neither late nor short.
        greatest(order_lines.ordered_units - coalesce(order_lines.cancelled_units, 0), 0) as due_units,
        order_lines.source_file,
        order_lines.source_row
    from order_lines
    cross join run_parameters
    where
        {{ is_effective('order_lines.doc_status') }}
        and not order_lines.is_drop_ship
        and order_lines.ordered_units > 0
        and order_lines.order_date <= run_parameters.as_of_date
),

companies_with_shipments as (
    select distinct company_code from shipment_lines
),

-- Shipment documents say what left; where a company has none, the issues that name the order do.
shipped as (
    select
        shipment_lines.company_code,
        shipment_lines.so_no,
        shipment_lines.so_line_id,
        shipment_lines.shipment_date as shipped_date,
        shipment_lines.shipped_units
    from shipment_lines
    cross join run_parameters
    where
        {{ is_effective('shipment_lines.doc_status') }}
        and shipment_lines.line_kind = 'shipment'
        and shipment_lines.so_no is not null
        and shipment_lines.shipment_date <= run_parameters.as_of_date
    union all
    select
        split_part(movements.item_id, '/', 1) as company_code,
        movements.ref_doc_no as so_no,
        movements.ref_line_id as so_line_id,
        movements.business_date as shipped_date,
        -movements.quantity_units as shipped_units
    from movements
    left join companies_with_shipments
        on split_part(movements.item_id, '/', 1) = companies_with_shipments.company_code
    where
        movements.movement_type = 'sales_issue'
        and movements.ref_doc_type = 'sales_order'
        and companies_with_shipments.company_code is null
),

shipped_by_line as (
    select
        demanded.company_code,
        demanded.source_instance,
        demanded.so_no,
        demanded.so_line_id,
        sum(shipped.shipped_units) as shipped_units,
        sum(case when shipped.shipped_date <= demanded.requested_date then shipped.shipped_units else 0 end)
            as shipped_by_requested_units,
        sum(case when shipped.shipped_date <= demanded.promised_date then shipped.shipped_units else 0 end)
            as shipped_by_promised_units,
        max(shipped.shipped_date) as last_shipped_date
    from demanded
    inner join shipped
        on
            demanded.company_code = shipped.company_code
            and demanded.so_no = shipped.so_no
            and demanded.so_line_id = shipped.so_line_id
    group by demanded.company_code, demanded.source_instance, demanded.so_no, demanded.so_line_id
),

joined as (
    select
        demanded.*,
        coalesce(shipped_by_line.shipped_units, 0) as shipped_units,
        least(coalesce(shipped_by_line.shipped_by_requested_units, 0), demanded.due_units) as on_time_units,
        coalesce(shipped_by_line.shipped_by_promised_units, 0) as shipped_by_promised_units,
        shipped_by_line.last_shipped_date,
        -- What was left on the shelf at the end of the requested day.
        coalesce(balances.available_units, 0) as shelf_units,
        demanded.due_units > 0 and demanded.requested_date <= run_parameters.as_of_date as is_due,
        demanded.due_units > 0 and demanded.promised_date <= run_parameters.as_of_date as is_promise_due,
        demanded.requested_date between {{ window_start('run_parameters.as_of_date') }} and run_parameters.as_of_date as is_last_365_days,
        demanded.promised_date between {{ window_start('run_parameters.as_of_date') }} and run_parameters.as_of_date
            as is_promise_last_365_days
    from demanded
    cross join run_parameters
    left join shipped_by_line
        on
            demanded.source_instance = shipped_by_line.source_instance
            and demanded.so_no = shipped_by_line.so_no
            and demanded.so_line_id = shipped_by_line.so_line_id
    left join balances
        on
            demanded.item_id = balances.item_id
            and demanded.warehouse_id = balances.warehouse_id
            and demanded.requested_date between balances.valid_from_date and balances.valid_to_date
),

final as (
    select
        source_instance,
        so_no,
        so_line_id,
        item_id,
        warehouse_id,
        order_date,
        requested_date,
        promised_date,
        last_shipped_date,
        {{ as_units('ordered_units') }} as ordered_units,
        {{ as_units('cancelled_units') }} as cancelled_units,
        {{ as_units('due_units') }} as due_units,
        {{ as_units('shipped_units') }} as shipped_units,
        {{ as_units('on_time_units') }} as on_time_units,
        {{ as_units('shipped_by_promised_units') }} as shipped_by_promised_units,
        {{ as_units('shelf_units') }} as shelf_units,
        {{ as_units('case when is_closed then 0 else greatest(ordered_units - shipped_units - cancelled_units, 0) end') }} as open_units,
        is_due,
        is_promise_due,
        -- Short on the day, and the shelf could not have served the rest: a late pick from a full shelf is no stock-out.
        is_due and on_time_units < due_units and shelf_units < due_units - on_time_units as is_stockout,
        is_promise_due and shipped_by_promised_units >= due_units as is_on_time,
        is_last_365_days,
        is_promise_last_365_days,
        source_file,
        source_row
    from joined
)

select * from final
