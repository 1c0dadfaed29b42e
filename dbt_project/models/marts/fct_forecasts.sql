-- Forecast quantiles of the chosen model, with what its rolling origins say about it.
with forecasts as (
    select * from {{ source('planning', 'forecasts') }}
),

forecast_accuracy as (
    select * from {{ source('planning', 'forecast_accuracy') }}
),

final as (
    select
        forecasts.item_id,
        forecasts.warehouse_id,
        cast(forecasts.origin_date as date) as origin_date,
        cast(forecasts.period_start_date as date) as period_start_date,
        cast(forecasts.horizon_periods as bigint) as horizon_periods,
        cast(forecasts.model as varchar) as model,
        {% for column in ['mean', 'q05', 'q10', 'q25', 'q50', 'q75', 'q80', 'q90', 'q95', 'q98', 'q99'] -%}
            {{ as_units('forecasts.' ~ column ~ '_units') }} as {{ column }}_units,
        {% endfor -%}
        {{ as_units('forecasts.statistical_mean_units') }} as statistical_mean_units,
        cast(forecasts.planner_name as varchar) as planner_name,
        cast(forecasts.override_reason as varchar) as override_reason,
        round(cast(forecasts.promotion_uplift_rate as double), 6) as promotion_uplift_rate,
        round(cast(forecasts.regressor_effect_rate as double), 6) as regressor_effect_rate,
        round(cast(forecast_accuracy.wape as double), 6) as wape,
        round(cast(forecast_accuracy.bias as double), 6) as bias,
        round(cast(forecast_accuracy.scaled_pinball as double), 6) as scaled_pinball,
        round(cast(forecast_accuracy.naive_scaled_pinball as double), 6) as naive_scaled_pinball,
        round(cast(forecast_accuracy.coverage_90 as double), 6) as coverage_90,
        cast(forecast_accuracy.reason as varchar) as model_reason,
        cast(forecast_accuracy.reason_zh as varchar) as model_reason_zh
    from forecasts
    left join forecast_accuracy
        on
            forecasts.item_id = forecast_accuracy.item_id
            and forecasts.warehouse_id = forecast_accuracy.warehouse_id
            and forecasts.model = forecast_accuracy.model
            and forecast_accuracy.is_chosen
)

select * from final
