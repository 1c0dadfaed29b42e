-- Forecasts that a planner replaced, with the error of the planner and of the model where the demand is known.
with overrides as (
    select * from {{ source('planning', 'forecast_overrides') }}
),

typed as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(origin_date as date) as origin_date,
        cast(vintage_kind as varchar) as vintage_kind,
        cast(period_start_date as date) as period_start_date,
        cast(horizon_periods as bigint) as horizon_periods,
        cast(model as varchar) as model,
        cast(planner_name as varchar) as planner_name,
        cast(override_reason as varchar) as override_reason,
        cast(override_entered_date as date) as override_entered_date,
        {{ as_units('statistical_units') }} as statistical_units,
        {{ as_units('override_units') }} as override_units,
        {{ as_units('actual_units') }} as actual_units
    from overrides
),

scored as (
    select
        *,
        {{ as_units('abs(statistical_units - actual_units)') }} as statistical_absolute_error_units,
        {{ as_units('abs(override_units - actual_units)') }} as override_absolute_error_units
    from typed
),

final as (
    select
        *,
        {{ as_units('statistical_absolute_error_units - override_absolute_error_units') }} as value_added_units
    from scored
)

select * from final
