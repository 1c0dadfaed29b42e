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
        source_doc_type,
        doc_no,
        source_doc_id,
        source_line_id,
        leg,
        movement_type,
        business_date,
        entered_at,
        approved_at,
        posted_period,
        doc_status,
        item_code,
        variant_key,
        warehouse_code,
        location_code,
        lot_no,
        mfg_date,
        expiry_date,
        stock_status,
        owner_type,
        owner_code,
        coalesce(quantity_units, entered_base_units) as quantity_units,
        entered_units,
        entered_uom,
        {{ in_company_currency('unit_cost', 'decimal(28, 8)') }} as unit_cost,
        {{ in_company_currency('cost_value', 'decimal(24, 4)') }} as cost_value,
        unit_cost as document_unit_cost,
        cost_value as document_cost_value,
        {{ document_currency() }} as currency_code,
        exchange_rate,
        is_cost_final,
        is_red,
        is_reversal,
        reverses_key,
        transfer_group_id,
        counterpart_warehouse_code,
        partner_code,
        ref_doc_type,
        ref_doc_no,
        ref_line_id,
        reason_code,
        is_demand,
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
