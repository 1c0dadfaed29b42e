-- Balance of each stock grain as intervals: a row per change, never a row per day.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

daily as (
    select
        item_id,
        warehouse_id,
        lot_no,
        stock_status,
        owner_type,
        owner_code,
        business_date,
        sum(quantity_units) as net_units
    from movements
    group by item_id, warehouse_id, lot_no, stock_status, owner_type, owner_code, business_date
),

running as (
    select
        *,
        sum(net_units) over grain as quantity_units,
        lead(business_date) over grain as next_date
    from daily
    window grain as (
        partition by item_id, warehouse_id, lot_no, stock_status, owner_type, owner_code
        order by business_date
    )
),

final as (
    select
        running.item_id,
        running.warehouse_id,
        running.lot_no,
        running.stock_status,
        running.owner_type,
        running.owner_code,
        running.business_date as valid_from_date,
        coalesce({{ add_days('running.next_date', -1) }}, run_parameters.as_of_date) as valid_to_date,
        {{ as_units('running.quantity_units') }} as quantity_units
    from running
    cross join run_parameters
)

select * from final
