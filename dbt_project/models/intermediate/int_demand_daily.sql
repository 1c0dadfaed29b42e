-- Gross demand per item, warehouse and day: order lines by requested date from the day a company has orders, else shipments, else issues.
with order_lines as (
    select * from {{ ref('int_order_lines') }}
),

shipment_lines as (
    select * from {{ ref('stg_sales_shipment_lines') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

promotions as (
    select * from {{ ref('stg_promotions') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

first_orders as (
    select
        split_part(item_id, '/', 1) as company_code,
        min(order_date) as first_order_date
    from order_lines
    group by split_part(item_id, '/', 1)
),

first_shipments as (
    select
        company_code,
        min(shipment_date) as first_shipment_date
    from shipment_lines
    group by company_code
),

ordered as (
    select
        item_id,
        warehouse_id,
        requested_date as business_date,
        sum(ordered_units) as ordered_units,
        count(*) as order_lines
    from order_lines
    where is_due
    group by item_id, warehouse_id, requested_date
),

shipped_documents as (
    select
        shipment_lines.item_id,
        shipment_lines.warehouse_id,
        shipment_lines.shipment_date as business_date,
        sum(case when shipment_lines.line_kind = 'shipment' then greatest(shipment_lines.shipped_units, 0) else 0 end)
            as document_units
    from shipment_lines
    cross join run_parameters
    where
        {{ is_effective('shipment_lines.doc_status') }}
        and shipment_lines.shipment_date <= run_parameters.as_of_date
    group by shipment_lines.item_id, shipment_lines.warehouse_id, shipment_lines.shipment_date
),

moved as (
    select
        item_id,
        warehouse_id,
        business_date,
        sum(greatest(-quantity_units, 0)) as shipped_units,
        sum(greatest(quantity_units, 0)) as returned_units,
        -- Use that no sales order asks for: production, own consumption.
        sum(case when movement_type not in ('sales_issue', 'sales_return') then greatest(-quantity_units, 0) else 0 end)
            as other_use_units,
        sum(case when movement_type in ('sales_issue', 'sales_return') then greatest(-quantity_units, 0) else 0 end)
            as sold_units
    from movements
    where is_demand
    group by item_id, warehouse_id, business_date
),

days as (
    select
        item_id,
        warehouse_id,
        business_date
    from ordered
    union distinct
    select
        item_id,
        warehouse_id,
        business_date
    from shipped_documents
    union distinct
    select
        item_id,
        warehouse_id,
        business_date
    from moved
),

joined as (
    select
        days.item_id,
        days.warehouse_id,
        days.business_date,
        coalesce(ordered.ordered_units, 0) as ordered_units,
        coalesce(ordered.order_lines, 0) as order_lines,
        coalesce(shipped_documents.document_units, 0) as document_units,
        coalesce(moved.shipped_units, 0) as shipped_units,
        coalesce(moved.returned_units, 0) as returned_units,
        coalesce(moved.other_use_units, 0) as other_use_units,
        coalesce(moved.sold_units, 0) as sold_units,
        case
            when days.business_date >= first_orders.first_order_date then 'orders'
            when days.business_date >= first_shipments.first_shipment_date then 'shipments'
            else 'movements'
        end as demand_source
    from days
    left join ordered
        on
            days.item_id = ordered.item_id
            and days.warehouse_id = ordered.warehouse_id
            and days.business_date = ordered.business_date
    left join shipped_documents
        on
            days.item_id = shipped_documents.item_id
            and days.warehouse_id = shipped_documents.warehouse_id
            and days.business_date = shipped_documents.business_date
    left join moved
        on
            days.item_id = moved.item_id
            and days.warehouse_id = moved.warehouse_id
            and days.business_date = moved.business_date
    left join first_orders on split_part(days.item_id, '/', 1) = first_orders.company_code
    left join first_shipments on split_part(days.item_id, '/', 1) = first_shipments.company_code
),

promoted as (
    select distinct
        days.item_id,
        days.warehouse_id,
        days.business_date
    from days
    inner join promotions
        on
            days.item_id = promotions.item_id
            and days.business_date between promotions.start_date and promotions.end_date
),

final as (
    select
        joined.item_id,
        joined.warehouse_id,
        joined.business_date,
        {{ as_units("joined.other_use_units + case joined.demand_source
            when 'orders' then joined.ordered_units
            when 'shipments' then joined.document_units
            else joined.sold_units
        end") }} as demand_units,
        {{ as_units('joined.shipped_units') }} as shipped_units,
        {{ as_units('joined.returned_units') }} as returned_units,
        joined.order_lines,
        joined.demand_source,
        promoted.item_id is not null as is_promotion
    from joined
    left join promoted
        on
            joined.item_id = promoted.item_id
            and joined.warehouse_id = promoted.warehouse_id
            and joined.business_date = promoted.business_date
)

select * from final
