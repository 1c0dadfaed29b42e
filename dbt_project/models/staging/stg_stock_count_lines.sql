with landed as (
    select * from {{ source('landing', 'stock_count_line') }}
),

in_base_units as (
    {{ with_base_units('landed', 'counted_units') }}
),

source as (
    {{ with_exchange_rate('in_base_units', 'count_date') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        count_no,
        source_line_id,
        count_type,
        count_round,
        frozen_at,
        count_date,
        warehouse_code,
        location_code,
        item_code,
        variant_key,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        book_units,
        adjustment_in_units,
        adjustment_out_units,
        coalesce(counted_units, entered_base_units) as counted_units,
        entered_units,
        entered_uom,
        {{ in_company_currency('unit_cost', 'decimal(28, 8)') }} as unit_cost,
        unit_cost as document_unit_cost,
        {{ document_currency() }} as currency_code,
        exchange_rate,
        reason,
        counted_by,
        posted_doc_no,
        doc_status,
        {{ envelope() }}
    from source
)

select * from final
