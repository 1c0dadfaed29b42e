with order_draft_lines as (
    select * from {{ source('planning', 'order_draft_lines') }}
),

final as (
    select
        cast(draft_no as varchar) as draft_no,
        cast(draft_line_id as varchar) as draft_line_id,
        cast(supplier_id as varchar) as supplier_id,
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        {{ as_units('order_units') }} as order_units,
        {{ as_value('unit_price') }} as unit_price,
        {{ as_units('price_from_units') }} as price_from_units,
        {{ as_value('order_value') }} as order_value,
        cast(order_by_date as date) as order_by_date,
        cast(expected_arrival_date as date) as expected_arrival_date,
        cast(payment_date as date) as payment_date,
        round(cast(order_cover_days as double), 6) as order_cover_days,
        round(cast(cover_limit_days as double), 6) as cover_limit_days,
        cast(cover_status as varchar) as cover_status,
        {{ as_value('holding_cost_year_value') }} as holding_cost_year_value,
        round(cast(volume_m3 as double), 6) as volume_m3,
        round(cast(weight_kg as double), 6) as weight_kg,
        cast(is_top_up as boolean) as is_top_up,
        cast(value_status as varchar) as value_status,
        cast(reason as varchar) as reason,
        cast(reason_zh as varchar) as reason_zh,
        cast(alternatives as varchar) as alternatives,
        cast(alternatives_zh as varchar) as alternatives_zh
    from order_draft_lines
)

select * from final
