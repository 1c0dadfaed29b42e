with source as (
    select * from {{ source('landing', 'stock_on_hand') }}
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
        unit_cost,
        stock_value,
        mfg_date,
        expiry_date,
        last_receipt_date,
        {{ envelope() }}
    from source
)

select * from final
