-- Periods in which the shelf was too empty to see the demand, and what is estimated to have been lost in them.
with demand_history as (
    select * from {{ source('planning', 'demand_history') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

censored as (
    select
        demand_history.*,
        cast(demand_history.period_start_date as date) as from_date,
        run_parameters.demand_frequency
    from demand_history
    cross join run_parameters
    where demand_history.is_censored
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        from_date as period_start_date,
        case demand_frequency
            when 'D' then from_date
            when 'M' then {{ month_end('from_date') }}
            else {{ add_days('from_date', 6) }}
        end as period_end_date,
        cast(in_stock_rate as double) as in_stock_rate,
        {{ as_units('shipped_units') }} as shipped_units,
        {{ as_units('demand_units_imputed') }} as demand_units_imputed,
        {{ as_units('greatest(demand_units_imputed - shipped_units, 0)') }} as lost_sales_units
    from censored
)

select * from final
