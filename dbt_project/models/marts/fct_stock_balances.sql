-- Units and value of item x warehouse as intervals. A value is null from the first valued movement that no source gave a cost for.
with balances as (
    select * from {{ ref('int_item_warehouse_balances') }}
),

movements as (
    select * from {{ ref('fct_stock_movements') }}
),

-- Goods of others that lie in the same warehouse have no value in the books, and do not make the value of our own unknown.
daily_values as (
    select
        item_id,
        warehouse_id,
        business_date,
        sum(coalesce(cost_value, 0) + coalesce(settlement_value, 0)) as net_value,
        count(*) - count(cost_value) as unknown_movements
    from movements
    where is_valued
    group by item_id, warehouse_id, business_date
),

running as (
    select
        balances.*,
        sum(coalesce(daily_values.net_value, 0)) over grain as inventory_value,
        sum(coalesce(daily_values.unknown_movements, 0)) over grain as unknown_movements,
        count(daily_values.business_date) over grain as value_days
    from balances
    left join daily_values
        on
            balances.item_id = daily_values.item_id
            and balances.warehouse_id = daily_values.warehouse_id
            and balances.valid_from_date = daily_values.business_date
    window grain as (partition by balances.item_id, balances.warehouse_id order by balances.valid_from_date)
),

judged as (
    select
        *,
        case
            when unknown_movements > 0 then {{ no_cost_status() }}
            when value_days > 0 then 'ok'
            when valued_units = 0 and on_hand_units <> 0 then {{ not_valued_status() }}
            when valued_units = 0 then 'ok'
            else {{ no_cost_status() }}
        end as value_status
    from running
),

final as (
    select
        item_id,
        warehouse_id,
        valid_from_date,
        valid_to_date,
        on_hand_units,
        available_units,
        valued_units,
        case when value_status = 'ok' then cast(inventory_value as decimal(24, 4)) end as inventory_value,
        value_status
    from judged
)

select * from final
