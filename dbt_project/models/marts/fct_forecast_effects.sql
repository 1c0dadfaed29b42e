-- What moves demand apart from its level, as learned and applied: promotions per item, calendar and regressors per family.
with forecast_effects as (
    select * from {{ source('planning', 'forecast_effects') }}
),

final as (
    select
        coalesce(cast(item_id as varchar), '') as item_id,
        coalesce(cast(warehouse_id as varchar), '') as warehouse_id,
        cast(family_name as varchar) as family_name,
        cast(feature as varchar) as feature,
        round(cast(effect_rate as double), 6) as effect_rate,
        round(cast(standard_error as double), 6) as standard_error,
        round(cast(kept_rate as double), 6) as kept_rate,
        cast(learned_from as varchar) as learned_from,
        cast(observed_periods as bigint) as observed_periods
    from forecast_effects
)

select * from final
