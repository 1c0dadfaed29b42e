-- One row per item and warehouse: the way its goods take into it.
with supply_network as (
    select * from {{ source('planning', 'supply_network') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(source_kind as varchar) as source_kind,
        cast(supplier_id as varchar) as supplier_id,
        cast(from_warehouse_id as varchar) as from_warehouse_id,
        cast(source_basis as varchar) as source_basis,
        round(cast(source_share_rate as double), 6) as source_share_rate,
        round(cast(source_receipt_days as double), 6) as source_receipt_days,
        cast(purchasing_warehouse_id as varchar) as purchasing_warehouse_id,
        cast(stage_no as bigint) as stage_no,
        round(cast(lead_time_days_mean as double), 6) as lead_time_days_mean,
        round(cast(lead_time_days_sd as double), 6) as lead_time_days_sd,
        cast(lead_time_source as varchar) as lead_time_source,
        round(cast(lane_interval_days as double), 6) as lane_interval_days
    from supply_network
)

select * from final
