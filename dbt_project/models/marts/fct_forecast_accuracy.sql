-- Kept forecasts against what came: sums to add up and their ratios, per vintage, horizon, class and owner.
with vintage_accuracy as (
    select * from {{ source('planning', 'vintage_accuracy') }}
),

final as (
    select
        cast(origin_date as date) as origin_date,
        cast(vintage_kind as varchar) as vintage_kind,
        cast(published_date as date) as published_date,
        cast(horizon_periods as bigint) as horizon_periods,
        cast(abc_xyz_cell as varchar) as abc_xyz_cell,
        cast(owner_name as varchar) as owner_name,
        cast(scored_periods as bigint) as scored_periods,
        {% for column in ['actual', 'error', 'absolute_error', 'naive_absolute_error'] -%}
            {{ as_units(column ~ '_units') }} as {{ column }}_units,
        {% endfor -%}
        {% for column in ['scaled_error_total', 'squared_scaled_error_total', 'scaled_pinball_total'] -%}
            round(cast({{ column }} as double), 6) as {{ column }},
        {% endfor -%}
        cast(inside_90_periods as bigint) as inside_90_periods,
        round(cast(wape as double), 6) as wape,
        round(cast(bias as double), 6) as bias,
        round(cast(mase as double), 6) as mase,
        round(cast(rmsse as double), 6) as rmsse,
        round(cast(scaled_pinball as double), 6) as scaled_pinball,
        round(cast(coverage_90 as double), 6) as coverage_90,
        round(cast(forecast_value_added_rate as double), 6) as forecast_value_added_rate
    from vintage_accuracy
)

select * from final
