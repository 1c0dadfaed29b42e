-- Ledger, ERP list and WMS at the finest grain, on the newest day that each list covers: lot, status and owner, not only item.
-- One row per comparison and grain where either side has stock. variance = list - ledger, after the timing bridge.
with balances as (
    select * from {{ ref('int_stock_balances') }}
),

snapshots as (
    select * from {{ ref('stg_stock_on_hand') }}
),

physical as (
    select * from {{ ref('stg_wms_stock') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

listed as (
    select
        'ledger_book' as comparison,
        source_instance,
        item_id,
        warehouse_id,
        as_of_date,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        on_hand_units as units,
        source_file,
        source_row
    from snapshots
    union all
    select
        'ledger_wms' as comparison,
        source_instance,
        item_id,
        warehouse_id,
        as_of_date,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        physical_units - coalesce(received_not_posted_units, 0) + coalesce(picked_not_shipped_units, 0) as units,
        source_file,
        source_row
    from physical
),

newest as (
    select
        comparison,
        warehouse_id,
        max(as_of_date) as as_of_date
    from listed
    group by comparison, warehouse_id
),

-- What a list does not keep cannot differ: a WMS without lots is compared without lots.
kept as (
    select
        comparison,
        warehouse_id,
        max(case when lot_no <> '' then 1 else 0 end) as keeps_lots,
        max(case when stock_status <> 'available' then 1 else 0 end) as keeps_status,
        max(case when owner_type <> 'own' then 1 else 0 end) as keeps_owners
    from listed
    group by comparison, warehouse_id
),

days as (
    select
        newest.comparison,
        newest.warehouse_id,
        newest.as_of_date,
        kept.keeps_lots,
        kept.keeps_status,
        kept.keeps_owners
    from newest
    inner join kept on newest.comparison = kept.comparison and newest.warehouse_id = kept.warehouse_id
),

sides as (
    select
        days.comparison,
        days.warehouse_id,
        days.as_of_date,
        listed.item_id,
        case when days.keeps_lots = 1 then listed.lot_no else '' end as lot_no,
        case when days.keeps_status = 1 then listed.stock_status else 'available' end as stock_status,
        case when days.keeps_owners = 1 then listed.owner_type else 'own' end as owner_type,
        case when days.keeps_owners = 1 then listed.owner_code else '' end as owner_code,
        listed.units as listed_units,
        0 as ledger_units,
        listed.source_file,
        listed.source_row
    from days
    inner join listed
        on
            days.comparison = listed.comparison
            and days.warehouse_id = listed.warehouse_id
            and days.as_of_date = listed.as_of_date
    union all
    select
        days.comparison,
        days.warehouse_id,
        days.as_of_date,
        balances.item_id,
        case when days.keeps_lots = 1 then balances.lot_no else '' end as lot_no,
        case when days.keeps_status = 1 then balances.stock_status else 'available' end as stock_status,
        case when days.keeps_owners = 1 then balances.owner_type else 'own' end as owner_type,
        case when days.keeps_owners = 1 then balances.owner_code else '' end as owner_code,
        0 as listed_units,
        balances.quantity_units as ledger_units,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row
    from days
    inner join balances
        on
            days.warehouse_id = balances.warehouse_id
            and days.as_of_date >= balances.valid_from_date
            and days.as_of_date <= balances.valid_to_date
),

grains as (
    select
        comparison,
        item_id,
        warehouse_id,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        min(as_of_date) as as_of_date,
        sum(listed_units) as listed_units,
        sum(ledger_units) as ledger_units,
        sum(listed_units) - sum(ledger_units) as variance_units,
        min(source_file) as source_file,
        min(source_row) as source_row
    from sides
    group by comparison, item_id, warehouse_id, lot_no, stock_status, owner_type, owner_code
    having sum(listed_units) <> 0 or sum(ledger_units) <> 0
),

totalled as (
    select
        *,
        sum(variance_units) over (partition by comparison, item_id, warehouse_id) as item_variance_units,
        sum(variance_units) over (partition by comparison, item_id, warehouse_id, lot_no, owner_type, owner_code)
            as across_status_units,
        sum(variance_units) over (partition by comparison, item_id, warehouse_id, lot_no, stock_status) as across_owner_units
    from grains
),

final as (
    select
        totalled.comparison,
        totalled.item_id,
        totalled.warehouse_id,
        totalled.lot_no,
        totalled.stock_status,
        totalled.owner_type,
        totalled.owner_code,
        totalled.as_of_date,
        {{ as_units('totalled.ledger_units') }} as ledger_units,
        {{ as_units('totalled.listed_units') }} as listed_units,
        {{ as_units('totalled.variance_units') }} as variance_units,
        {{ as_units('totalled.item_variance_units') }} as item_variance_units,
        {{ as_value('totalled.variance_units * item_warehouses.unit_cost_latest') }} as variance_value,
        case when item_warehouses.unit_cost_latest is null then {{ no_cost_status() }} else 'ok' end as value_status,
        case
            when totalled.variance_units = 0 then 'none'
            -- Against the direction in which the item differs: so much at least is in another lot, whatever the item lacks or has over.
            when
                sign(totalled.variance_units) = -sign(totalled.item_variance_units)
                and totalled.lot_no <> ''
                and totalled.across_status_units = totalled.variance_units
                and totalled.across_owner_units = totalled.variance_units
                then 'wrong_lot'
            -- The item differs as a whole: rec_differences says since when and why.
            when totalled.item_variance_units <> 0 then 'item_difference'
            when totalled.across_status_units = 0 then 'wrong_status'
            when totalled.across_owner_units = 0 then 'wrong_owner'
            else 'wrong_lot'
        end as variance_cause,
        totalled.source_file,
        totalled.source_row
    from totalled
    left join item_warehouses
        on totalled.item_id = item_warehouses.item_id and totalled.warehouse_id = item_warehouses.warehouse_id
)

select * from final
