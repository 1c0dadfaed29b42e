with landed as (
    select * from {{ source('landing', 'inventory_value_entry') }}
),

source as (
    {{ with_exchange_rate('landed', 'business_date') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        source_doc_type,
        source_doc_id,
        source_line_id,
        entry_sequence,
        doc_no,
        business_date,
        posted_period,
        item_code,
        variant_key,
        warehouse_code,
        lot_no,
        quantity_units,
        {{ in_company_currency('entry_value', 'decimal(24, 4)') }} as entry_value,
        entry_value as document_entry_value,
        {{ document_currency() }} as currency_code,
        exchange_rate,
        entry_kind,
        is_cogs,
        is_cost_final,
        movement_key,
        {{ envelope() }}
    from source
)

select * from final
