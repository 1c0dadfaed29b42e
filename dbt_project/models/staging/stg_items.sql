with landed as (
    select * from {{ source('landing', 'item') }}
),

source as (
    {{ with_exchange_rate('landed', 'extract_date') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code') }} as item_id,
        {{ company_key('company_code', 'default_supplier_code') }} as default_supplier_id,
        item_code,
        item_name,
        spec,
        category_code,
        category_name,
        base_uom,
        item_type,
        is_stocked,
        is_lot_tracked,
        is_shelf_life,
        is_serial,
        shelf_life_days,
        expiry_warn_days,
        is_active,
        discontinued_date,
        is_purchased,
        is_made,
        is_sold,
        cost_method,
        {{ in_company_currency('standard_cost', 'decimal(28, 8)') }} as standard_cost,
        {{ in_company_currency('list_price', 'decimal(28, 8)') }} as list_price,
        standard_cost as document_standard_cost,
        list_price as document_list_price,
        {{ document_currency() }} as currency_code,
        exchange_rate,
        safety_stock_units,
        min_units,
        max_units,
        reorder_point_units,
        moq_units,
        order_multiple_units,
        lead_time_days,
        abc_class_source,
        default_supplier_code,
        owner_name,
        barcode,
        weight_kg,
        volume_m3,
        first_stocked_date,
        {{ envelope() }}
    from source
)

select * from final
