-- What was sold, line by line: the revenue behind gross margin and GMROI.
with shipment_lines as (
    select * from {{ ref('stg_sales_shipment_lines') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

final as (
    select
        shipment_lines.source_instance,
        shipment_lines.shipment_no,
        shipment_lines.shipment_line_id,
        shipment_lines.item_id,
        shipment_lines.warehouse_id,
        shipment_lines.shipment_date,
        shipment_lines.so_no,
        shipment_lines.so_line_id,
        shipment_lines.customer_code,
        shipment_lines.line_kind,
        shipment_lines.shipped_units,
        shipment_lines.revenue_value,
        shipment_lines.document_revenue_value,
        shipment_lines.currency_code,
        shipment_lines.exchange_rate,
        shipment_lines.source_file,
        shipment_lines.source_row
    from shipment_lines
    cross join run_parameters
    where
        {{ is_effective('shipment_lines.doc_status') }}
        and shipment_lines.shipment_date <= run_parameters.as_of_date
)

select * from final
