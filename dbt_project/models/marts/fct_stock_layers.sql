-- The layers behind every value and age: what is left of which receipt. Goods under way are beside the stock on hand, because they are
-- capital too; no balance holds them.
with open_layers as (
    select * from {{ source('ledger', 'open_layers') }}
),

transit_layers as (
    select * from {{ source('ledger', 'transit_layers') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

warehouses as (
    select * from {{ ref('int_warehouses') }}
),

age_buckets as (
    select * from {{ source('control', 'age_buckets') }}
),

layers as (
    select
        snapshot_date,
        item_id,
        warehouse_id,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        layer_no,
        origin_date,
        arrived_date,
        origin_movement_key,
        quantity_units,
        unit_cost,
        layer_value,
        is_cost_known,
        is_negative,
        lot_expiry_date,
        false as is_in_transit,
        cast(null as varchar) as transfer_group_id
    from open_layers
    union all
    select
        snapshot_date,
        item_id,
        warehouse_id,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        layer_no,
        origin_date,
        arrived_date,
        origin_movement_key,
        quantity_units,
        unit_cost,
        layer_value,
        is_cost_known,
        is_negative,
        lot_expiry_date,
        true as is_in_transit,
        transfer_group_id
    from transit_layers
),

aged as (
    select
        *,
        greatest({{ days_between('cast(origin_date as date)', 'cast(snapshot_date as date)') }}, 0) as layer_age_days
    from layers
),

final as (
    select
        cast(aged.snapshot_date as date) as snapshot_date,
        cast(aged.item_id as varchar) as item_id,
        cast(aged.warehouse_id as varchar) as warehouse_id,
        cast(aged.lot_no as varchar) as lot_no,
        cast(aged.stock_status as varchar) as stock_status,
        cast(aged.owner_type as varchar) as owner_type,
        cast(aged.owner_code as varchar) as owner_code,
        aged.is_in_transit,
        cast(aged.transfer_group_id as varchar) as transfer_group_id,
        cast(aged.layer_no as bigint) as layer_no,
        cast(aged.origin_date as date) as origin_date,
        cast(aged.arrived_date as date) as arrived_date,
        cast(aged.layer_age_days as bigint) as layer_age_days,
        cast(age_buckets.bucket_no as bigint) as bucket_no,
        cast(aged.quantity_units as decimal(28, 6)) as quantity_units,
        cast(aged.unit_cost as decimal(28, 8)) as unit_cost,
        cast(aged.layer_value as decimal(24, 4)) as layer_value,
        aged.is_cost_known,
        aged.is_negative,
        aged.owner_type = 'own' and coalesce(warehouses.is_valued, true) as is_valued,
        cast(aged.lot_expiry_date as date) as lot_expiry_date,
        cast(aged.origin_movement_key as varchar) as origin_movement_key,
        movements.doc_no as origin_doc_no,
        movements.source_file as origin_source_file,
        movements.source_row as origin_source_row
    from aged
    left join movements on cast(aged.origin_movement_key as varchar) = movements.movement_key
    left join warehouses on aged.warehouse_id = warehouses.warehouse_id
    left join age_buckets
        on
            aged.layer_age_days >= age_buckets.from_days
            and (age_buckets.to_days is null or aged.layer_age_days <= age_buckets.to_days)
)

select * from final
