with storage_forecast as (
    select * from {{ source('planning', 'storage_forecast') }}
),

final as (
    select
        cast(warehouse_id as varchar) as warehouse_id,
        cast(limit_kind as varchar) as limit_kind,
        round(cast(limit_units as double), 6) as limit_units,
        round(cast(on_hand_units as double), 6) as on_hand_units,
        round(cast(use_rate as double), 6) as use_rate,
        cast(peak_date as date) as peak_date,
        round(cast(peak_units as double), 6) as peak_units,
        round(cast(peak_use_rate as double), 6) as peak_use_rate,
        cast(full_date as date) as full_date,
        cast(storage_status as varchar) as storage_status,
        cast(largest_item_id as varchar) as largest_item_id,
        cast(reason as varchar) as reason,
        cast(reason_zh as varchar) as reason_zh
    from storage_forecast
)

select * from final
