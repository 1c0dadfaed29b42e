with order_drafts as (
    select * from {{ source('planning', 'order_drafts') }}
),

final as (
    select
        cast(draft_no as varchar) as draft_no,
        cast(supplier_id as varchar) as supplier_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(draft_date as date) as draft_date,
        cast(expected_arrival_date as date) as expected_arrival_date,
        cast(lines_no as bigint) as lines_no,
        {{ as_units('order_units') }} as order_units,
        {{ as_value('order_value') }} as order_value,
        {{ as_value('holding_cost_year_value') }} as holding_cost_year_value,
        round(cast(volume_m3 as double), 6) as volume_m3,
        round(cast(weight_kg as double), 6) as weight_kg,
        cast(load_count_units as bigint) as load_count_units,
        round(cast(last_load_rate as double), 6) as last_load_rate,
        {{ as_value('min_order_value') }} as min_order_value,
        cast(order_status as varchar) as order_status,
        cast(value_status as varchar) as value_status,
        cast(reason as varchar) as reason,
        cast(reason_zh as varchar) as reason_zh
    from order_drafts
)

select * from final
