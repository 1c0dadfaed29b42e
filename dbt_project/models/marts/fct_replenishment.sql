-- Policy, levels and suggestion per item and warehouse, with the lead-time demand they rest on and the money they mean.
with replenishment as (
    select * from {{ source('planning', 'replenishment') }}
),

lead_time_demand as (
    select * from {{ source('planning', 'lead_time_demand') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

item_classes as (
    select * from {{ ref('dim_item_classes') }}
),

policy_replay as (
    select * from {{ source('planning', 'policy_replay') }}
),

open_flags as (
    select * from {{ ref('rec_open_flags') }}
),

feeds as (
    select * from {{ ref('int_company_feeds') }}
),

final as (
    select
        replenishment.item_id,
        replenishment.warehouse_id,
        item_classes.abc_xyz_cell,
        cast(replenishment.source_kind as varchar) as source_kind,
        cast(replenishment.from_warehouse_id as varchar) as from_warehouse_id,
        cast(replenishment.stock_scope as varchar) as stock_scope,
        cast(replenishment.life_stage as varchar) as life_stage,
        cast(replenishment.policy as varchar) as policy,
        round(cast(replenishment.service_level_rate as double), 6) as service_level_rate,
        cast(replenishment.service_measure as varchar) as service_measure,
        round(cast(lead_time_demand.lead_time_days_mean as double), 6) as lead_time_days_mean,
        round(cast(lead_time_demand.lead_time_days_sd as double), 6) as lead_time_days_sd,
        round(cast(lead_time_demand.protection_days as double), 6) as protection_days,
        {{ as_units('lead_time_demand.mean_units') }} as protection_demand_units,
        {{ as_units('lead_time_demand.sd_units') }} as protection_demand_sd_units,
        cast(lead_time_demand.lead_time_source as varchar) as lead_time_source,
        {% for column in [
            'safety_stock', 'reorder_point', 'order_up_to', 'order_quantity', 'position', 'on_hand', 'on_order', 'suggested_order',
            'suggested_transfer', 'withheld_order', 'late_supply', 'unavailable', 'excess', 'shortage', 'transfer_in', 'transfer_out',
            'budget_reorder_point'
        ] -%}
            {{ as_units('replenishment.' ~ column ~ '_units') }} as {{ column }}_units,
        {% endfor -%}
        -- Unrounded: the reorder point is computed from them again (assets/explain/recipes/replenishment.py), to the last digit.
        {% for column in [
            'quantile_rate', 'quantile_below_rate', 'quantile_below_units', 'quantile_above_rate', 'quantile_above_units',
            'safety_scale_rate', 'level_step_units'
        ] -%}
            cast(replenishment.{{ column }} as double) as {{ column }},
        {% endfor -%}
        cast(replenishment.order_by_date as date) as order_by_date,
        cast(replenishment.expected_arrival_date as date) as expected_arrival_date,
        cast(replenishment.projected_stockout_date as date) as projected_stockout_date,
        round(cast(replenishment.cover_days as double), 6) as cover_days,
        {{ as_units('replenishment.day_units') }} as day_units,
        round(cast(replenishment.order_cover_days as double), 6) as order_cover_days,
        round(cast(replenishment.cover_limit_days as double), 6) as cover_limit_days,
        cast(replenishment.cover_status as varchar) as cover_status,
        {{ as_value('cast(replenishment.suggested_order_units as decimal(28, 6)) * item_warehouses.unit_cost_latest') }}
            as suggested_order_value,
        {{ as_value('cast(replenishment.excess_units as decimal(28, 6)) * item_warehouses.unit_cost_latest') }} as excess_value,
        {{ as_value('replenishment.holding_cost_year_value') }} as holding_cost_year_value,
        case when item_warehouses.unit_cost_latest is null then {{ no_cost_status() }} else 'ok' end as value_status,
        cast(replenishment.stock_status as varchar) as stock_status,
        cast(replenishment.replay_verdict as varchar) as replay_verdict,
        round(cast(policy_replay.replay_fill_rate as double), 6) as replay_fill_rate,
        round(cast(policy_replay.actual_fill_rate as double), 6) as actual_fill_rate,
        {{ as_value('policy_replay.replay_average_stock_value') }} as replay_average_stock_value,
        {{ as_value('policy_replay.actual_average_stock_value') }} as actual_average_stock_value,
        cast(replenishment.unavailable_reason as varchar) as unavailable_reason,
        cast(replenishment.unavailable_reason_zh as varchar) as unavailable_reason_zh,
        cast(replenishment.flags as varchar) as flags,
        cast(replenishment.reason as varchar) as reason,
        cast(replenishment.reason_zh as varchar) as reason_zh,
        coalesce(open_flags.open_flags, '') as open_flags
    from replenishment
    left join feeds on split_part(replenishment.item_id, '/', 1) = feeds.company_code
    left join open_flags
        on replenishment.item_id = open_flags.item_id and replenishment.warehouse_id = open_flags.warehouse_id
    left join lead_time_demand
        on
            replenishment.item_id = lead_time_demand.item_id
            and replenishment.warehouse_id = lead_time_demand.warehouse_id
    left join item_warehouses
        on
            replenishment.item_id = item_warehouses.item_id
            and replenishment.warehouse_id = item_warehouses.warehouse_id
    left join policy_replay
        on
            replenishment.item_id = policy_replay.item_id
            and replenishment.warehouse_id = policy_replay.warehouse_id
    left join item_classes
        on replenishment.item_id = item_classes.item_id and replenishment.warehouse_id = item_classes.warehouse_id
    -- What is on the shelf is not known: nothing can be suggested.
    where coalesce(feeds.stock_status, 'ok') = 'ok'
)

select * from final
