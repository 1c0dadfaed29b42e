-- What is on hand today by lot and status, and why a part of it cannot be sold: expired, not available, or not ours. A book below zero is
-- left to the balances.
with balances as (
    select * from {{ ref('int_stock_balances') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

warehouses as (
    select * from {{ ref('int_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

expiries as (
    select
        item_id,
        lot_no,
        max(lot_expiry_date) as expiry_date
    from movements
    where lot_no <> '' and lot_expiry_date is not null
    group by item_id, lot_no
),

final as (
    select
        balances.item_id,
        balances.warehouse_id,
        balances.lot_no,
        balances.stock_status,
        balances.owner_type,
        balances.owner_code,
        expiries.expiry_date,
        balances.quantity_units as on_hand_units,
        case
            when balances.owner_type <> 'own' then 'not_own'
            when not coalesce(warehouses.is_nettable, true) then 'not_nettable'
            when balances.stock_status <> 'available' then balances.stock_status
            when expiries.expiry_date < run_parameters.as_of_date then 'expired'
        end as unavailable_reason
    from balances
    cross join run_parameters
    left join warehouses on balances.warehouse_id = warehouses.warehouse_id
    left join expiries on balances.item_id = expiries.item_id and balances.lot_no = expiries.lot_no
    where
        run_parameters.as_of_date between balances.valid_from_date and balances.valid_to_date
        and balances.quantity_units > 0
)

select * from final
