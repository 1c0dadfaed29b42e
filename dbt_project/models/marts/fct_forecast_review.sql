-- The worst misses of each whole month, in money where a cost is known, each with its likely cause.
with forecast_review as (
    select * from {{ source('planning', 'forecast_review') }}
),

final as (
    select
        cast(month_start_date as date) as month_start_date,
        cast(miss_rank as bigint) as miss_rank,
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(abc_xyz_cell as varchar) as abc_xyz_cell,
        cast(owner_name as varchar) as owner_name,
        cast(origin_date as date) as origin_date,
        cast(vintage_kind as varchar) as vintage_kind,
        cast(model as varchar) as model,
        cast(periods as bigint) as periods,
        {% for column in ['actual', 'forecast', 'error', 'absolute_error'] -%}
            {{ as_units(column ~ '_units') }} as {{ column }}_units,
        {% endfor -%}
        {{ as_value('absolute_error_value') }} as absolute_error_value,
        case when absolute_error_value is null then {{ no_cost_status() }} else 'ok' end as value_status,
        round(cast(largest_share_rate as double), 6) as largest_share_rate,
        cast(cause as varchar) as cause
    from forecast_review
)

select * from final
