with landed as (
    select * from {{ source('landing', 'stock_movement') }}
),

in_base_units as (
    {{ with_base_units('landed', 'quantity_units') }}
),

source as (
    {{ with_exchange_rate('in_base_units', 'business_date') }}
),

final as (
    select
        source_instance || '|' || source_doc_type || '|' || source_doc_id || '|' || source_line_id || '|' || leg as movement_key,
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        {{ company_key('company_code', 'counterpart_warehouse_code') }} as counterpart_warehouse_id,
        {{ contract_columns('stock_movement', in_base_units='quantity_units') }},
        source_system,
        source_instance,
        company_code,
        source_key,
        batch_id,
        source_file,
        source_row,
        extract_date
    from source
)

select * from final
