-- One wide row per item and warehouse on the run's date: what a manager looks at first. Everything here is computed once elsewhere and
-- only put side by side, except dead, slow and near-expiry stock, whose home is here.
with item_warehouses as (
    select * from {{ ref('dim_item_warehouses') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

balances as (
    select * from {{ ref('fct_stock_balances') }}
),

open_supply as (
    select * from {{ ref('int_open_supply') }}
),

ageing as (
    select * from {{ ref('fct_stock_ageing') }}
),

turnover as (
    select * from {{ ref('fct_turnover_rolling') }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

active_balances as (
    select * from {{ ref('int_active_balances') }}
),

lost_sales as (
    select * from {{ ref('fct_lost_sales') }}
),

classes as (
    select * from {{ ref('dim_item_classes') }}
),

movements as (
    select * from {{ ref('fct_stock_movements') }}
),

replenishment as (
    select * from {{ ref('fct_replenishment') }}
),

findings as (
    select * from {{ ref('fct_findings') }}
),

disposals as (
    select * from {{ ref('fct_disposals') }}
),

open_layers as (
    select * from {{ source('ledger', 'open_layers') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

open_flags as (
    select * from {{ ref('rec_open_flags') }}
),

feeds as (
    select * from {{ ref('int_company_feeds') }}
),

stock_now as (
    select balances.*
    from balances
    cross join run_parameters
    where balances.valid_to_date = run_parameters.as_of_date
),

supply as (
    select
        item_id,
        warehouse_id,
        sum(on_order_units) as on_order_units,
        sum(overdue_units) as overdue_units
    from open_supply
    group by item_id, warehouse_id
),

age as (
    select
        ageing.item_id,
        ageing.warehouse_id,
        sum(ageing.quantity_units) as aged_units,
        sum(ageing.age_unit_days) as age_unit_days,
        max(ageing.oldest_age_days) as oldest_age_days
    from ageing
    cross join run_parameters
    where ageing.snapshot_date = run_parameters.as_of_date
    group by ageing.item_id, ageing.warehouse_id
),

service as (
    select
        order_lines.item_id,
        order_lines.warehouse_id,
        sum(case when order_lines.is_due then 1 else 0 end) as due_lines,
        sum(case when order_lines.is_stockout then 1 else 0 end) as stockout_lines,
        sum(order_lines.ordered_units) as ordered_units,
        sum(order_lines.cancelled_units) as cancelled_units,
        sum(order_lines.due_units) as due_units,
        sum(order_lines.on_time_units) as on_time_units
    from order_lines
    where order_lines.is_last_365_days
    group by order_lines.item_id, order_lines.warehouse_id
),

empty_shelf as (
    select
        active_balances.item_id,
        active_balances.warehouse_id,
        max(active_balances.active_to_date) as active_to_date,
        sum(case when active_balances.available_units <= 0 then {{ overlap_days(
            'active_balances.valid_from_date', 'active_balances.valid_to_date',
            window_start('run_parameters.as_of_date'), 'run_parameters.as_of_date'
        ) }} else 0 end) as stockout_days
    from active_balances
    cross join run_parameters
    group by active_balances.item_id, active_balances.warehouse_id
),

lost as (
    select
        lost_sales.item_id,
        lost_sales.warehouse_id,
        sum(lost_sales.lost_sales_units * {{ share_of_period(
            'lost_sales', window_start('run_parameters.as_of_date'), 'run_parameters.as_of_date'
        ) }}) as lost_sales_units
    from lost_sales
    cross join run_parameters
    group by lost_sales.item_id, lost_sales.warehouse_id
),

-- What was lost and booked as lost: counted short less counted over, and scrap.
losses as (
    select
        movements.item_id,
        movements.warehouse_id,
        case when count(*) = count(movements.cost_value) then -sum(movements.cost_value) end as booked_loss_value
    from movements
    cross join run_parameters
    where
        movements.is_valued
        and movements.movement_type in ('count_gain', 'count_loss', 'scrap')
        and movements.business_date >= {{ window_start('run_parameters.as_of_date') }}
    group by movements.item_id, movements.warehouse_id
),

-- Lots in the order in which they would be used up: first to expire, first out.
expiring_lots as (
    select
        open_layers.item_id,
        open_layers.warehouse_id,
        cast(open_layers.lot_expiry_date as date) as expiry_date,
        sum(cast(open_layers.quantity_units as decimal(28, 6))) as lot_units,
        case when count(*) = count(open_layers.layer_value) then sum(cast(open_layers.layer_value as decimal(24, 4))) end as lot_value
    from open_layers
    cross join run_parameters
    where
        cast(open_layers.snapshot_date as date) = run_parameters.as_of_date
        and open_layers.lot_expiry_date is not null
        and open_layers.quantity_units > 0
    group by open_layers.item_id, open_layers.warehouse_id, cast(open_layers.lot_expiry_date as date)
),

lots_in_line as (
    select
        expiring_lots.*,
        {{ days_between('run_parameters.as_of_date', 'expiring_lots.expiry_date') }} as remaining_days,
        sum(expiring_lots.lot_units) over (
            partition by expiring_lots.item_id, expiring_lots.warehouse_id order by expiring_lots.expiry_date
        ) as units_up_to_lot
    from expiring_lots
    cross join run_parameters
),

expiry as (
    select
        lots_in_line.item_id,
        lots_in_line.warehouse_id,
        sum(case when lots_in_line.remaining_days < 0 then lots_in_line.lot_units else 0 end) as expired_units,
        sum(case when lots_in_line.is_near then lots_in_line.lot_units else 0 end) as near_expiry_units,
        case
            when sum(case when lots_in_line.is_near and lots_in_line.lot_value is null then 1 else 0 end) = 0
                then sum(case when lots_in_line.is_near then lots_in_line.lot_value else 0 end)
        end as near_expiry_value
    from (
        select
            lots_in_line.*,
            lots_in_line.remaining_days >= 0
            and (
                lots_in_line.remaining_days < coalesce(items.expiry_warn_days, 0)
                -- At the forecast pace the shelf would not reach this lot's last unit before it expires.
                or coalesce(
                    cast(lots_in_line.units_up_to_lot as double)
                    > lots_in_line.remaining_days
                    * cast(replenishment.protection_demand_units as double) / nullif(replenishment.protection_days, 0),
                    false
                )
            ) as is_near
        from lots_in_line
        left join items on lots_in_line.item_id = items.item_id
        left join replenishment
            on
                lots_in_line.item_id = replenishment.item_id
                and lots_in_line.warehouse_id = replenishment.warehouse_id
    ) as lots_in_line
    group by lots_in_line.item_id, lots_in_line.warehouse_id
),

found as (
    select
        item_id,
        warehouse_id,
        count(*) as open_findings,
        sum(case when severity = 'critical' then 1 else 0 end) as critical_findings,
        min(case severity when 'critical' then 1 when 'warning' then 2 else 3 end) as worst_rank
    from findings
    where item_id is not null and warehouse_id is not null
    group by item_id, warehouse_id
),

disposal as (
    select
        item_id,
        warehouse_id,
        sum(disposal_units) as disposal_units,
        sum(expected_recovery_value) as expected_recovery_value
    from disposals
    group by item_id, warehouse_id
),

joined as (
    select
        item_warehouses.*,
        run_parameters.as_of_date,
        run_parameters.dead_days,
        run_parameters.long_dead_days,
        items.item_name,
        warehouses.warehouse_name,
        case when coalesce(feeds.stock_status, 'ok') = 'ok' then coalesce(stock_now.on_hand_units, 0) end as on_hand_units,
        case when coalesce(feeds.stock_status, 'ok') = 'ok' then coalesce(stock_now.available_units, 0) end as available_units,
        coalesce(feeds.age_status, 'ok') = 'ok' as is_age_known,
        feeds.issues_status,
        case
            when feeds.stock_status <> 'ok' then null
            when stock_now.item_id is null then 0
            else stock_now.inventory_value
        end as inventory_value,
        case when feeds.stock_status <> 'ok' then feeds.stock_status else coalesce(stock_now.value_status, 'ok') end as value_status,
        coalesce(supply.on_order_units, 0) as on_order_units,
        coalesce(supply.overdue_units, 0) as overdue_units,
        {{ ratio('age.age_unit_days', 'age.aged_units') }} as average_age_days,
        age.oldest_age_days,
        {{ days_between('coalesce(item_warehouses.last_demand_date, item_warehouses.first_movement_date)', 'run_parameters.as_of_date') }}
            as idle_days,
        {{ days_between('item_warehouses.last_movement_date', 'run_parameters.as_of_date') }} as idle_movement_days,
        {{ days_between('coalesce(items.last_demand_date, items.first_movement_date)', 'run_parameters.as_of_date') }}
            as idle_item_days,
        {{ days_between('item_warehouses.first_movement_date', 'run_parameters.as_of_date') }}
        <= run_parameters.new_item_guard_days as is_new_item,
        expiry.expired_units,
        expiry.near_expiry_units,
        expiry.near_expiry_value,
        turnover.cogs_value,
        turnover.average_inventory_value,
        turnover.period_days,
        turnover.inventory_turnover_annualised,
        turnover.inventory_turnover_annualised_units,
        turnover.days_inventory_outstanding,
        case when losses.item_id is null then 0 else losses.booked_loss_value end as booked_loss_value,
        {% for part in ['storage', 'capital', 'insurance'] -%}
            turnover.average_inventory_value * run_parameters.carrying_{{ part }}_rate * turnover.period_days / 365 as {{ part }}_value,
        {% endfor -%}
        case
            when run_parameters.carrying_shrinkage_rate is not null
                then turnover.average_inventory_value * run_parameters.carrying_shrinkage_rate * turnover.period_days / 365
            when losses.item_id is null then 0
            else losses.booked_loss_value
        end as shrinkage_value,
        turnover.turnover_status,
        turnover.days_inventory_status,
        service.due_lines,
        service.stockout_lines,
        service.ordered_units,
        service.cancelled_units,
        service.due_units,
        service.on_time_units,
        empty_shelf.stockout_days,
        empty_shelf.active_to_date,
        lost.lost_sales_units,
        classes.abc_class,
        classes.xyz_class,
        classes.abc_xyz_cell,
        classes.demand_pattern,
        replenishment.policy,
        {{ ratio('replenishment.protection_demand_units', 'replenishment.protection_days') }} as forecast_daily_units,
        replenishment.safety_stock_units,
        replenishment.reorder_point_units,
        replenishment.order_up_to_units,
        replenishment.suggested_order_units,
        replenishment.suggested_order_value,
        replenishment.cover_days,
        replenishment.projected_stockout_date,
        replenishment.excess_units,
        replenishment.excess_value,
        replenishment.shortage_units,
        replenishment.transfer_in_units,
        replenishment.transfer_out_units,
        replenishment.stock_status,
        replenishment.replay_verdict,
        disposal.disposal_units,
        disposal.expected_recovery_value,
        replenishment.flags,
        coalesce(found.open_findings, 0) as open_findings,
        coalesce(found.critical_findings, 0) as critical_findings,
        case found.worst_rank when 1 then 'critical' when 2 then 'warning' when 3 then 'info' end as worst_severity,
        open_flags.open_flags
    from item_warehouses
    cross join run_parameters
    left join feeds on split_part(item_warehouses.item_id, '/', 1) = feeds.company_code
    left join items on item_warehouses.item_id = items.item_id
    left join warehouses on item_warehouses.warehouse_id = warehouses.warehouse_id
    left join stock_now
        on item_warehouses.item_id = stock_now.item_id and item_warehouses.warehouse_id = stock_now.warehouse_id
    left join supply on item_warehouses.item_id = supply.item_id and item_warehouses.warehouse_id = supply.warehouse_id
    left join age on item_warehouses.item_id = age.item_id and item_warehouses.warehouse_id = age.warehouse_id
    left join expiry on item_warehouses.item_id = expiry.item_id and item_warehouses.warehouse_id = expiry.warehouse_id
    left join turnover
        on
            item_warehouses.item_id = turnover.item_id
            and item_warehouses.warehouse_id = turnover.warehouse_id
            and turnover.window_days = 365
    left join service on item_warehouses.item_id = service.item_id and item_warehouses.warehouse_id = service.warehouse_id
    left join empty_shelf
        on item_warehouses.item_id = empty_shelf.item_id and item_warehouses.warehouse_id = empty_shelf.warehouse_id
    left join losses on item_warehouses.item_id = losses.item_id and item_warehouses.warehouse_id = losses.warehouse_id
    left join lost on item_warehouses.item_id = lost.item_id and item_warehouses.warehouse_id = lost.warehouse_id
    left join classes on item_warehouses.item_id = classes.item_id and item_warehouses.warehouse_id = classes.warehouse_id
    left join replenishment
        on
            item_warehouses.item_id = replenishment.item_id
            and item_warehouses.warehouse_id = replenishment.warehouse_id
    left join disposal on item_warehouses.item_id = disposal.item_id and item_warehouses.warehouse_id = disposal.warehouse_id
    left join open_flags
        on item_warehouses.item_id = open_flags.item_id and item_warehouses.warehouse_id = open_flags.warehouse_id
    left join found on item_warehouses.item_id = found.item_id and item_warehouses.warehouse_id = found.warehouse_id
),

flagged as (
    select
        *,
        is_stocked and not is_in_transit and on_hand_units > 0 and not is_new_item and idle_days > dead_days as is_dead,
        is_stocked and not is_in_transit and on_hand_units > 0 and not is_new_item and idle_days > long_dead_days as is_long_dead
    from joined
),

final as (
    select
        item_id,
        warehouse_id,
        as_of_date,
        item_code,
        item_name,
        category_name,
        base_uom,
        warehouse_code,
        warehouse_name,
        owner_name,
        team_name,
        is_in_transit,
        is_stocked,
        is_active,
        {{ as_units('on_hand_units') }} as on_hand_units,
        {{ as_units('available_units') }} as available_units,
        {{ as_units('on_order_units') }} as on_order_units,
        {{ as_units('overdue_units') }} as overdue_units,
        unit_cost_latest,
        {{ as_value('inventory_value') }} as inventory_value,
        value_status,
        first_movement_date,
        last_movement_date,
        last_demand_date,
        cast(idle_days as bigint) as idle_days,
        cast(idle_movement_days as bigint) as idle_movement_days,
        cast(idle_item_days as bigint) as idle_item_days,
        average_age_days,
        cast(oldest_age_days as bigint) as oldest_age_days,
        coalesce(is_new_item, false) as is_new_item,
        coalesce(is_dead, false) as is_dead,
        {{ as_value(
            'case when coalesce(is_dead, false) then inventory_value when value_status = \'ok\' and is_age_known then 0 end'
        ) }} as dead_stock_value,
        coalesce(is_long_dead, false) as is_long_dead,
        {{ as_value(
            'case when coalesce(is_long_dead, false) then inventory_value when value_status = \'ok\' and is_age_known then 0 end'
        ) }} as long_dead_stock_value,
        -- Still selling, but at the forecast pace the stock outlasts the dead-stock threshold.
        coalesce(not is_dead and on_hand_units > 0 and cover_days > dead_days, false) as is_slow_moving,
        {{ as_value(
            'case when coalesce(not is_dead and on_hand_units > 0 and cover_days > dead_days, false) then inventory_value
            when value_status = \'ok\' then 0 end'
        ) }} as slow_moving_value,
        {{ as_units('coalesce(expired_units, 0)') }} as expired_units,
        {{ as_units('coalesce(near_expiry_units, 0)') }} as near_expiry_units,
        {{ as_value('case when near_expiry_units > 0 then near_expiry_value when value_status = \'ok\' then 0 end') }} as near_expiry_value,
        cogs_value as cogs_value_365,
        average_inventory_value as average_inventory_value_365,
        cast(period_days as bigint) as turnover_period_days,
        inventory_turnover_annualised,
        inventory_turnover_annualised_units,
        days_inventory_outstanding,
        coalesce(turnover_status, nullif(issues_status, 'ok'), 'not_available: no movement in the window') as turnover_status,
        coalesce(days_inventory_status, nullif(issues_status, 'ok'), 'not_available: no movement in the window')
            as days_inventory_status,
        {{ as_value('booked_loss_value') }} as booked_loss_value_365,
        {{ as_value('storage_value') }} as carrying_storage_value_365,
        {{ as_value('capital_value') }} as carrying_capital_value_365,
        {{ as_value('insurance_value') }} as carrying_insurance_value_365,
        {{ as_value('case when storage_value is not null then shrinkage_value end') }} as carrying_shrinkage_value_365,
        {{ as_value('storage_value + capital_value + insurance_value + shrinkage_value') }} as carrying_cost_value_365,
        cast(coalesce(due_lines, 0) as bigint) as due_lines_365,
        cast(coalesce(stockout_lines, 0) as bigint) as stockout_lines_365,
        {{ ratio('stockout_lines', 'due_lines') }} as stockout_line_rate,
        {{ as_units('coalesce(ordered_units, 0)') }} as ordered_units_365,
        {{ as_units('coalesce(cancelled_units, 0)') }} as cancelled_units_365,
        {{ as_units('coalesce(due_units, 0)') }} as due_units_365,
        {{ as_units('coalesce(on_time_units, 0)') }} as on_time_units_365,
        {{ ratio('on_time_units', 'due_units') }} as fill_rate,
        case when due_lines > 0 then 'ok' else 'not_available: no order lines due in the window' end as service_status,
        cast(coalesce(stockout_days, 0) as bigint) as stockout_days_365,
        active_to_date,
        {{ as_units('coalesce(lost_sales_units, 0)') }} as lost_sales_units_365,
        abc_class,
        xyz_class,
        abc_xyz_cell,
        demand_pattern,
        policy,
        forecast_daily_units,
        safety_stock_units,
        reorder_point_units,
        order_up_to_units,
        suggested_order_units,
        suggested_order_value,
        cover_days,
        projected_stockout_date,
        excess_units,
        excess_value,
        -- Of what is on hand now; excess counts the position, so goods on order may be most of it.
        {{ as_value(
            'case when value_status = \'ok\' then least(excess_value, greatest(inventory_value, 0)) end'
        ) }} as excess_stock_value,
        shortage_units,
        transfer_in_units,
        transfer_out_units,
        {{ as_units('coalesce(disposal_units, 0)') }} as disposal_units,
        {{ as_value('expected_recovery_value') }} as disposal_recovery_value,
        stock_status,
        replay_verdict,
        flags as planning_flags,
        cast(open_findings as bigint) as open_findings,
        cast(critical_findings as bigint) as critical_findings,
        worst_severity,
        coalesce(open_flags, '') as open_flags
    from flagged
)

select * from final
