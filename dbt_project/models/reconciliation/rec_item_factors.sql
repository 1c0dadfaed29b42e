-- The factors between units that an item has: packs of its master and its units of measure. Nothing else is evidence of a unit.
with item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

item_uoms as (
    select * from {{ ref('stg_item_uoms') }}
),

factors as (
    select
        item_id,
        cast(order_multiple_units as double) as factor
    from item_warehouses
    where order_multiple_units > 1
    union all
    select
        item_id,
        cast(numerator as double) / cast(denominator as double) as factor
    from item_uoms
    where denominator <> 0 and numerator <> 0
),

final as (
    select distinct
        item_id,
        cast(case when factor < 1 then 1 / factor else factor end as decimal(28, 6)) as factor
    from factors
    where factor > 0 and factor <> 1
)

select * from final
