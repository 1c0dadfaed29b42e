-- Where the company says that an item, or every item of a warehouse, is supplied from; and the warehouse above each one in the master data.
with sources as (
    select * from {{ ref('stg_supply_sources') }}
),

warehouses as (
    select * from {{ ref('int_warehouses') }}
),

stated as (
    select
        item_id,
        warehouse_id,
        source_kind,
        supplier_id,
        from_warehouse_id,
        lead_time_days,
        review_period_days,
        'stated' as source_basis
    from sources
    where is_active
),

parents as (
    select
        cast(null as varchar) as item_id,
        warehouse_id,
        'transfer' as source_kind,
        cast(null as varchar) as supplier_id,
        {{ company_key('company_code', 'parent_warehouse_code') }} as from_warehouse_id,
        cast(null as bigint) as lead_time_days,
        cast(null as bigint) as review_period_days,
        'parent' as source_basis
    from warehouses
    where parent_warehouse_code <> '' and parent_warehouse_code <> warehouse_code
),

final as (
    select * from stated
    union all
    select * from parents
)

select * from final
