-- The value ledger per item, warehouse, day and kind of entry: what every value and every cost of sales is the sum of. Goods under way
-- between two warehouses are in a place of their own, so that the places together hold what the company holds.
with value_entries as (
    select * from {{ source('ledger', 'value_entries') }}
),

movement_costs as (
    select * from {{ source('ledger', 'movement_costs') }}
),

movements as (
    select * from {{ ref('int_ledger_movements') }}
),

-- What leaves and arrives on one day was never under way at the end of one.
transit_days as (
    select
        movements.item_id,
        movements.business_date,
        sum(movement_costs.transit_units) as quantity_units,
        sum(movement_costs.transit_value) as entry_value,
        sum(movement_costs.transit_uncosted_units) as uncosted_stock_units
    from movement_costs
    inner join movements on movement_costs.movement_key = movements.movement_key
    where movement_costs.transit_units <> 0 or movement_costs.transit_value <> 0
    group by movements.item_id, movements.business_date
),

located as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        business_date,
        entry_kind,
        quantity_units,
        entry_value,
        uncosted_units,
        uncosted_stock_units,
        false as is_in_transit
    from value_entries
    union all
    select
        item_id,
        {{ transit_key('item_id') }} as warehouse_id,
        business_date,
        'transfer' as entry_kind,
        quantity_units,
        entry_value,
        0 as uncosted_units,
        uncosted_stock_units,
        true as is_in_transit
    from transit_days
    where quantity_units <> 0 or entry_value <> 0
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(business_date as date) as business_date,
        cast(entry_kind as varchar) as entry_kind,
        entry_kind in {{ cogs_kinds() }} as is_cogs,
        cast(quantity_units as decimal(28, 6)) as quantity_units,
        cast(entry_value as decimal(24, 4)) as entry_value,
        cast(uncosted_units as decimal(28, 6)) as uncosted_units,
        cast(uncosted_stock_units as decimal(28, 6)) as uncosted_stock_units,
        is_in_transit
    from located
)

select * from final
