-- Demand over the protection interval (lead time and review period), with its quantiles: what safety stock and reorder point are read from.
with lead_time_demand as (
    select * from {{ source('planning', 'lead_time_demand') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(lead_time_source as varchar) as lead_time_source,
        round(cast(lead_time_days_mean as double), 6) as lead_time_days_mean,
        round(cast(lead_time_days_sd as double), 6) as lead_time_days_sd,
        round(cast(review_period_days as double), 6) as review_period_days,
        round(cast(protection_days as double), 6) as protection_days,
        {{ as_units('mean_units') }} as mean_units,
        {{ as_units('sd_units') }} as sd_units,
        {{ as_units('q50_units') }} as q50_units,
        {{ as_units('q75_units') }} as q75_units,
        {{ as_units('q80_units') }} as q80_units,
        {{ as_units('q90_units') }} as q90_units,
        {{ as_units('q95_units') }} as q95_units,
        {{ as_units('q98_units') }} as q98_units,
        {{ as_units('q99_units') }} as q99_units
    from lead_time_demand
)

select * from final
