-- Past and planned promotions of items, with the warehouse where their scope names one: what the forecast uses ahead.
with promotions as (
    select * from {{ ref('stg_promotions') }}
),

warehouses as (
    select * from {{ ref('int_warehouses') }}
),

final as (
    select
        promotions.item_id,
        warehouses.warehouse_id,
        promotions.promotion_code,
        promotions.scope,
        promotions.start_date,
        promotions.end_date,
        promotions.promotion_type,
        promotions.discount_rate,
        promotions.uplift_expected_rate
    from promotions
    left join warehouses
        on split_part(promotions.item_id, '/', 1) || '/' || promotions.scope = warehouses.warehouse_id
    where promotions.end_date >= promotions.start_date
)

select * from final
