-- Units and value of item x warehouse as intervals. The value is the running sum of the value entries, which is what the layers hold; it is
-- null while units that no source gave a cost for are in stock, or have left and wait for a cost.
with warehouse_balances as (
    select * from {{ ref('int_item_warehouse_balances') }}
),

entries as (
    select * from {{ ref('fct_value_entries') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

-- Units under way by day; nothing of them can be promised.
transit_balances as (
    select
        entries.item_id,
        entries.warehouse_id,
        entries.business_date as valid_from_date,
        coalesce(
            lead(entries.business_date) over (partition by entries.item_id, entries.warehouse_id order by entries.business_date) - 1,
            run_parameters.as_of_date
        ) as valid_to_date,
        sum(entries.quantity_units) over (
            partition by entries.item_id, entries.warehouse_id order by entries.business_date
        ) as on_hand_units
    from entries
    cross join run_parameters
    where entries.is_in_transit
),

balances as (
    select
        item_id,
        warehouse_id,
        valid_from_date,
        valid_to_date,
        on_hand_units,
        available_units,
        valued_units
    from warehouse_balances
    union all
    select
        item_id,
        warehouse_id,
        valid_from_date,
        cast(valid_to_date as date) as valid_to_date,
        {{ as_units('on_hand_units') }} as on_hand_units,
        {{ as_units('0') }} as available_units,
        {{ as_units('on_hand_units') }} as valued_units
    from transit_balances
),

daily_values as (
    select
        item_id,
        warehouse_id,
        business_date,
        sum(coalesce(entry_value, 0)) as net_value,
        sum(uncosted_stock_units) as net_uncosted_units
    from entries
    group by item_id, warehouse_id, business_date
),

-- Days on which nothing moved and the value changed all the same: a correction, a new standard cost.
value_days as (
    select daily_values.*
    from daily_values
    left join balances
        on
            daily_values.item_id = balances.item_id
            and daily_values.warehouse_id = balances.warehouse_id
            and daily_values.business_date = balances.valid_from_date
    where balances.item_id is null
),

change_days as (
    select
        balances.item_id,
        balances.warehouse_id,
        balances.valid_from_date,
        balances.on_hand_units,
        balances.available_units,
        balances.valued_units
    from balances
    union all
    select
        value_days.item_id,
        value_days.warehouse_id,
        value_days.business_date as valid_from_date,
        balances.on_hand_units,
        balances.available_units,
        balances.valued_units
    from value_days
    inner join balances
        on
            value_days.item_id = balances.item_id
            and value_days.warehouse_id = balances.warehouse_id
            and value_days.business_date between balances.valid_from_date and balances.valid_to_date
),

running as (
    select
        change_days.*,
        lead(change_days.valid_from_date) over grain as next_date,
        sum(coalesce(daily_values.net_value, 0)) over grain as inventory_value,
        sum(coalesce(daily_values.net_uncosted_units, 0)) over grain as uncosted_units,
        count(daily_values.business_date) over grain as value_days
    from change_days
    left join daily_values
        on
            change_days.item_id = daily_values.item_id
            and change_days.warehouse_id = daily_values.warehouse_id
            and change_days.valid_from_date = daily_values.business_date
    window grain as (partition by change_days.item_id, change_days.warehouse_id order by change_days.valid_from_date)
),

judged as (
    select
        *,
        case
            when uncosted_units > 0 then {{ no_cost_status() }}
            when value_days > 0 then 'ok'
            when valued_units = 0 and on_hand_units <> 0 then {{ not_valued_status() }}
            when valued_units = 0 then 'ok'
            else {{ no_cost_status() }}
        end as value_status
    from running
),

final as (
    select
        judged.item_id,
        judged.warehouse_id,
        judged.valid_from_date,
        coalesce({{ add_days('judged.next_date', -1) }}, run_parameters.as_of_date) as valid_to_date,
        judged.on_hand_units,
        judged.available_units,
        judged.valued_units,
        case when judged.value_status = 'ok' then cast(judged.inventory_value as decimal(24, 4)) end as inventory_value,
        {{ as_units('judged.uncosted_units') }} as uncosted_units,
        judged.value_status
    from judged
    cross join run_parameters
)

select * from final
