-- How goods moved between two warehouses over the last year, whatever the item: how long a move took, and how often one came.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

sent as (
    select
        item_id,
        transfer_group_id,
        min(business_date) as sent_date,
        max(warehouse_id) as from_warehouse_id
    from movements
    where movement_type = 'transfer_out' and transfer_group_id is not null
    group by item_id, transfer_group_id
),

moves as (
    select
        movements.warehouse_id,
        movements.business_date,
        coalesce(movements.counterpart_warehouse_id, sent.from_warehouse_id) as from_warehouse_id,
        {{ days_between('sent.sent_date', 'movements.business_date') }} as lead_time_days
    from movements
    cross join run_parameters
    left join sent on movements.item_id = sent.item_id and movements.transfer_group_id = sent.transfer_group_id
    where
        movements.movement_type = 'transfer_in'
        and movements.quantity_units > 0
        and movements.business_date > {{ add_days('run_parameters.as_of_date', -365) }}
),

final as (
    select
        from_warehouse_id,
        warehouse_id,
        cast(count(*) as bigint) as moves,
        cast(count(distinct business_date) as bigint) as move_days,
        round(cast(avg(lead_time_days) as double), 6) as lead_time_days_mean,
        round(cast(stddev_samp(lead_time_days) as double), 6) as lead_time_days_sd,
        round(
            cast({{ days_between('min(business_date)', 'max(business_date)') }} as double)
            / nullif(count(distinct business_date) - 1, 0), 6
        ) as interval_days
    from moves
    where from_warehouse_id is not null and from_warehouse_id <> warehouse_id
    group by from_warehouse_id, warehouse_id
)

select * from final
