with policy_replay as (
    select * from {{ source('planning', 'policy_replay') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(window_from_date as date) as window_from_date,
        cast(window_to_date as date) as window_to_date,
        cast(abc_xyz_cell as varchar) as abc_xyz_cell,
        cast(policy as varchar) as policy,
        cast(service_measure as varchar) as service_measure,
        round(cast(service_level_rate as double), 6) as service_level_rate,
        {{ as_units('demand_units') }} as demand_units,
        {{ as_units('replay_filled_units') }} as replay_filled_units,
        round(cast(replay_fill_rate as double), 6) as replay_fill_rate,
        cast(replay_stockout_days as bigint) as replay_stockout_days,
        {{ as_units('replay_average_stock_units') }} as replay_average_stock_units,
        {{ as_value('replay_average_stock_value') }} as replay_average_stock_value,
        round(cast(replay_turnover_rate as double), 6) as replay_turnover_rate,
        cast(replay_orders as bigint) as replay_orders,
        {{ as_value('replay_cost_value') }} as replay_cost_value,
        {{ as_units('actual_filled_units') }} as actual_filled_units,
        round(cast(actual_fill_rate as double), 6) as actual_fill_rate,
        cast(actual_stockout_days as bigint) as actual_stockout_days,
        {{ as_units('actual_average_stock_units') }} as actual_average_stock_units,
        {{ as_value('actual_average_stock_value') }} as actual_average_stock_value,
        round(cast(actual_turnover_rate as double), 6) as actual_turnover_rate,
        cast(actual_orders as bigint) as actual_orders,
        {{ as_value('actual_cost_value') }} as actual_cost_value,
        cast(replay_cycles as bigint) as replay_cycles,
        cast(replay_served_cycles as bigint) as replay_served_cycles,
        round(cast(replay_cycle_service_rate as double), 6) as replay_cycle_service_rate,
        {{ as_units('replay_written_off_units') }} as replay_written_off_units,
        {{ as_units('actual_written_off_units') }} as actual_written_off_units,
        cast(verdict as varchar) as verdict,
        cast(verdict_reason as varchar) as verdict_reason,
        cast(verdict_reason_zh as varchar) as verdict_reason_zh
    from policy_replay
)

select * from final
