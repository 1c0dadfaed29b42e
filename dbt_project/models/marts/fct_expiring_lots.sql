-- Lots on hand in the order in which they would be used up, first to expire first, and what each still holds on its last day at the
-- forecast pace: the loss to prevent, lot by lot.
with layers as (
    select * from {{ ref('fct_stock_layers') }}
),

replenishment as (
    select * from {{ ref('fct_replenishment') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

lots as (
    select
        layers.item_id,
        layers.warehouse_id,
        layers.lot_no,
        layers.lot_expiry_date,
        max(run_parameters.as_of_date) as as_of_date,
        sum(layers.quantity_units) as lot_units,
        case when count(*) = count(layers.layer_value) then sum(layers.layer_value) end as lot_value
    from layers
    cross join run_parameters
    where
        layers.snapshot_date = run_parameters.as_of_date
        and not layers.is_in_transit
        and layers.lot_expiry_date is not null
        and layers.quantity_units > 0
    group by layers.item_id, layers.warehouse_id, layers.lot_no, layers.lot_expiry_date
),

-- Stock that has expired is no longer in the line.
paced as (
    select
        lots.*,
        {{ days_between('lots.as_of_date', 'lots.lot_expiry_date') }} as remaining_days,
        items.expiry_warn_days,
        cast(replenishment.protection_demand_units as double) / nullif(replenishment.protection_days, 0) as daily_units
    from lots
    left join items on lots.item_id = items.item_id
    left join replenishment
        on lots.item_id = replenishment.item_id and lots.warehouse_id = replenishment.warehouse_id
),

in_line as (
    select
        *,
        sum(case when remaining_days >= 0 then lot_units else 0 end) over (
            partition by item_id, warehouse_id order by lot_expiry_date, lot_no rows between unbounded preceding and current row
        ) as units_up_to_lot
    from paced
),

sold as (
    select
        *,
        case when remaining_days >= 0 then remaining_days * daily_units else 0 end as sold_by_expiry_units
    from in_line
),

-- What the line has lost by the end of a lot is the largest excess over what could be sold until then: what an earlier lot has lost no
-- longer competes with a later one. A lot's own loss is what it adds.
lost as (
    select
        *,
        max(greatest(cast(units_up_to_lot as double) - sold_by_expiry_units, 0)) over (
            partition by item_id, warehouse_id order by lot_expiry_date, lot_no rows between unbounded preceding and current row
        ) as lost_up_to_lot_units
    from sold
),

kept as (
    select
        *,
        case
            when remaining_days < 0 then cast(lot_units as double)
            else
                lost_up_to_lot_units
                - coalesce(lag(lost_up_to_lot_units) over (
                    partition by item_id, warehouse_id order by lot_expiry_date, lot_no
                ), 0)
        end as unsold_units
    from lost
),

final as (
    select
        item_id,
        warehouse_id,
        lot_no,
        lot_expiry_date,
        as_of_date,
        {{ as_units('lot_units') }} as lot_units,
        {{ as_value('lot_value') }} as lot_value,
        cast(remaining_days as bigint) as remaining_days,
        round(daily_units, 6) as forecast_daily_units,
        {{ as_units('units_up_to_lot') }} as units_up_to_lot,
        {{ ratio('units_up_to_lot', 'daily_units') }} as sell_out_days,
        {{ as_units('unsold_units') }} as unsold_units,
        {{ as_value('lot_value * cast(unsold_units / nullif(cast(lot_units as double), 0) as decimal(18, 9))') }} as unsold_value,
        case
            when remaining_days < 0 then 'expired'
            when remaining_days < coalesce(expiry_warn_days, 0) then 'near_expiry'
            when unsold_units > 0 then 'will_not_sell_out'
            when daily_units is null then 'not_available: no forecast'
            else 'ok'
        end as lot_status
    from kept
)

select * from final
