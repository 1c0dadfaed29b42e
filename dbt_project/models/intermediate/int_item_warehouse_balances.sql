-- The same intervals at item x warehouse, with what planning may promise beside what is on hand.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

warehouses as (
    select * from {{ ref('int_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

daily as (
    select
        movements.item_id,
        movements.warehouse_id,
        movements.business_date,
        sum(movements.quantity_units) as net_units,
        sum(case
            when
                movements.stock_status = 'available'
                and movements.owner_type = 'own'
                and coalesce(warehouses.is_nettable, true)
                then movements.quantity_units
            else 0
        end) as net_available_units,
        sum(case when movements.is_valued then movements.quantity_units else 0 end) as net_valued_units
    from movements
    left join warehouses on movements.warehouse_id = warehouses.warehouse_id
    group by movements.item_id, movements.warehouse_id, movements.business_date
),

running as (
    select
        item_id,
        warehouse_id,
        business_date,
        sum(net_units) over grain as on_hand_units,
        sum(net_available_units) over grain as available_units,
        sum(net_valued_units) over grain as valued_units,
        lead(business_date) over grain as next_date
    from daily
    window grain as (partition by item_id, warehouse_id order by business_date)
),

final as (
    select
        running.item_id,
        running.warehouse_id,
        running.business_date as valid_from_date,
        coalesce({{ add_days('running.next_date', -1) }}, run_parameters.as_of_date) as valid_to_date,
        {{ as_units('running.available_units') }} as available_units,
        {{ as_units('running.on_hand_units') }} as on_hand_units,
        {{ as_units('running.valued_units') }} as valued_units
    from running
    cross join run_parameters
)

select * from final
