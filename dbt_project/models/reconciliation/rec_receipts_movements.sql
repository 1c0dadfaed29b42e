-- Purchase receipts against the ledger, per document, item and warehouse. variance = document - ledger, both positive for goods received.
{{ document_comparison(
    'stg_purchase_receipt_lines', 'purchase_receipt_line', 'receipt_no', 'receipt_date', 'received_units',
    ['purchase_receipt', 'purchase_return'], 1, swapped='document_unit_cost'
) }}
