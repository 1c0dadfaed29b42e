with landed as (
    select * from {{ source('landing', 'stock_on_hand') }}
),

source as (
    {{ with_exchange_rate('landed', 'as_of_date') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        {{ company_key('company_code', 'warehouse_code') }} as warehouse_id,
        as_of_date,
        snapshot_at,
        item_code,
        variant_key,
        warehouse_code,
        location_code,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        on_hand_units,
        reserved_units,
        frozen_units,
        in_transit_in_units,
        available_units,
        {{ in_company_currency('unit_cost', 'decimal(28, 8)') }} as unit_cost,
        {{ in_company_currency('stock_value', 'decimal(24, 4)') }} as stock_value,
        unit_cost as document_unit_cost,
        stock_value as document_stock_value,
        {{ document_currency() }} as currency_code,
        exchange_rate,
        mfg_date,
        expiry_date,
        last_receipt_date,
        {{ envelope() }}
    from source
)

select * from final
