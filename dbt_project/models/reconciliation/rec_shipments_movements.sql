-- Sales shipments against the ledger, per document, item and warehouse. variance = document - ledger, both positive for goods shipped.
{{ document_comparison(
    'stg_sales_shipment_lines', 'sales_shipment_line', 'shipment_no', 'shipment_date', 'shipped_units', ['sales_issue', 'sales_return'], -1
) }}
