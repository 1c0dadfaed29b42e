-- A row per line of a feed; no rows where the settings name no feeds.
with supplier_feed as (
    select * from {{ source('planning', 'supplier_feed') }}
),

final as (
    select
        cast(supplier_id as varchar) as supplier_id,
        cast(feed_kind as varchar) as feed_kind,
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(feed_date as date) as feed_date,
        {{ as_units('on_hand_units') }} as on_hand_units,
        {{ as_units('on_order_units') }} as on_order_units,
        {{ as_units('minimum_units') }} as minimum_units,
        {{ as_units('maximum_units') }} as maximum_units,
        {{ as_units('forecast_units') }} as forecast_units,
        {{ as_units('call_off_units') }} as call_off_units
    from supplier_feed
)

select * from final
