-- Units and value of item x warehouse as intervals. A value is null from the first entry that no source gave a cost for.
with balances as (
    select * from {{ ref('int_item_warehouse_balances') }}
),

value_entries as (
    select * from {{ source('ledger', 'value_entries') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

daily_values as (
    select
        item_id,
        warehouse_id,
        cast(business_date as date) as business_date,
        sum(cast(entry_value as decimal(24, 4))) as net_value,
        count(*) - count(entry_value) as unknown_entries
    from value_entries
    group by item_id, warehouse_id, cast(business_date as date)
),

-- Both sides change on days of movements; a cost entry on a day of its own opens an interval too.
changes as (
    select
        item_id,
        warehouse_id,
        valid_from_date as change_date
    from balances
    union distinct
    select
        item_id,
        warehouse_id,
        business_date as change_date
    from daily_values
),

running as (
    select
        changes.item_id,
        changes.warehouse_id,
        changes.change_date,
        last_value(balances.on_hand_units ignore nulls) over grain as on_hand_units,
        last_value(balances.available_units ignore nulls) over grain as available_units,
        last_value(balances.valued_units ignore nulls) over grain as valued_units,
        sum(coalesce(daily_values.net_value, 0)) over grain as inventory_value,
        sum(coalesce(daily_values.unknown_entries, 0)) over grain as unknown_entries,
        count(daily_values.business_date) over grain as value_days,
        lead(changes.change_date) over grain as next_date
    from changes
    left join balances
        on
            changes.item_id = balances.item_id
            and changes.warehouse_id = balances.warehouse_id
            and changes.change_date = balances.valid_from_date
    left join daily_values
        on
            changes.item_id = daily_values.item_id
            and changes.warehouse_id = daily_values.warehouse_id
            and changes.change_date = daily_values.business_date
    window grain as (partition by changes.item_id, changes.warehouse_id order by changes.change_date)
),

judged as (
    select
        *,
        case
            when unknown_entries > 0 then {{ no_cost_status() }}
            when value_days > 0 then 'ok'
            when coalesce(valued_units, 0) = 0 and coalesce(on_hand_units, 0) <> 0 then {{ not_valued_status() }}
            when coalesce(valued_units, 0) = 0 then 'ok'
            else {{ no_cost_status() }}
        end as value_status
    from running
),

final as (
    select
        judged.item_id,
        judged.warehouse_id,
        judged.change_date as valid_from_date,
        coalesce({{ add_days('judged.next_date', -1) }}, run_parameters.as_of_date) as valid_to_date,
        {{ as_units('coalesce(judged.on_hand_units, 0)') }} as on_hand_units,
        {{ as_units('coalesce(judged.available_units, 0)') }} as available_units,
        {{ as_units('coalesce(judged.valued_units, 0)') }} as valued_units,
        case when judged.value_status = 'ok' then cast(judged.inventory_value as decimal(24, 4)) end as inventory_value,
        judged.value_status
    from judged
    cross join run_parameters
)

select * from final
