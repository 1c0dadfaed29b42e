-- Forecasts above item and warehouse: the company, its warehouses, categories and items. A node's mean is the sum of its item-warehouses';
-- its quantiles are its own, learned on the node's own past.
with forecast_nodes as (
    select * from {{ source('planning', 'forecast_nodes') }}
),

final as (
    select
        cast(node_level as varchar) as node_level,
        cast(node_name as varchar) as node_name,
        cast(item_warehouses as bigint) as item_warehouses,
        cast(origin_date as date) as origin_date,
        cast(period_start_date as date) as period_start_date,
        cast(horizon_periods as bigint) as horizon_periods,
        {{ as_units('mean_units') }} as mean_units,
        {{ as_units('q10_units') }} as q10_units,
        {{ as_units('q50_units') }} as q50_units,
        {{ as_units('q80_units') }} as q80_units,
        {{ as_units('q90_units') }} as q90_units,
        {{ as_units('q95_units') }} as q95_units,
        {{ as_units('q98_units') }} as q98_units
    from forecast_nodes
)

select * from final
