-- What came into each item x warehouse over the last year and by which way: from a supplier, from another warehouse, or made. The supply
-- network is read off this; lead times of transfers are the days between the two legs of a move.
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

received as (
    select
        movements.item_id,
        movements.warehouse_id,
        case
            when movements.movement_type in ('purchase_receipt', 'subcontract_receipt') then 'supplier'
            when movements.movement_type = 'production_receipt' then 'production'
            else 'transfer'
        end as source_kind,
        case
            when movements.movement_type = 'transfer_in' then coalesce(movements.counterpart_warehouse_id, sent.from_warehouse_id)
            when movements.movement_type = 'production_receipt' then movements.warehouse_id
            else {{ company_key("split_part(movements.item_id, '/', 1)", 'movements.partner_code') }}
        end as source_id,
        movements.business_date,
        movements.quantity_units,
        case
            when movements.movement_type = 'transfer_in' then {{ days_between('sent.sent_date', 'movements.business_date') }}
        end as lead_time_days
    from movements
    cross join run_parameters
    left join sent on movements.item_id = sent.item_id and movements.transfer_group_id = sent.transfer_group_id
    where
        movements.movement_type in ('purchase_receipt', 'subcontract_receipt', 'production_receipt', 'transfer_in')
        and movements.quantity_units > 0
        and movements.business_date > {{ add_days('run_parameters.as_of_date', -365) }}
),

final as (
    select
        item_id,
        warehouse_id,
        source_kind,
        coalesce(source_id, '') as source_id,
        cast(count(distinct business_date) as bigint) as receipt_days,
        {{ as_units('sum(quantity_units)') }} as received_units,
        round(cast(avg(lead_time_days) as double), 6) as lead_time_days_mean,
        round(cast(stddev_samp(lead_time_days) as double), 6) as lead_time_days_sd,
        min(business_date) as first_receipt_date,
        max(business_date) as last_receipt_date
    from received
    group by item_id, warehouse_id, source_kind, coalesce(source_id, '')
)

select * from final
