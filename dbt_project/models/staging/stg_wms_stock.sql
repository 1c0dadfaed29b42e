with source as (
    select * from {{ source('landing', 'wms_stock') }}
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
        physical_units,
        available_units,
        locked_units,
        received_not_posted_units,
        picked_not_shipped_units,
        expiry_date,
        {{ envelope() }}
    from source
)

select * from final
