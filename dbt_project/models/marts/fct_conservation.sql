-- Proof per item and warehouse: opening + movements = closing, layers = balance, buckets = on hand, value in = value out + value left.
with conservation as (
    select * from {{ source('ledger', 'conservation') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

balances as (
    select * from {{ ref('int_item_warehouse_balances') }}
),

ageing as (
    select * from {{ ref('fct_stock_ageing') }}
),

feeds as (
    select * from {{ ref('int_company_feeds') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

moved as (
    select
        item_id,
        warehouse_id,
        sum(quantity_units) as movement_units,
        count(*) as movements
    from movements
    group by item_id, warehouse_id
),

closing as (
    select
        balances.item_id,
        balances.warehouse_id,
        balances.on_hand_units
    from balances
    cross join run_parameters
    where balances.valid_to_date = run_parameters.as_of_date
),

bucketed as (
    select
        ageing.item_id,
        ageing.warehouse_id,
        sum(ageing.quantity_units) as bucket_units
    from ageing
    cross join run_parameters
    where ageing.snapshot_date = run_parameters.as_of_date
    group by ageing.item_id, ageing.warehouse_id
),

joined as (
    select
        coalesce(moved.item_id, conservation.item_id) as item_id,
        coalesce(moved.warehouse_id, conservation.warehouse_id) as warehouse_id,
        coalesce(moved.movements, 0) as movements,
        coalesce(moved.movement_units, 0) as movement_units,
        coalesce(closing.on_hand_units, 0) as balance_units,
        -- Goods in a stock list without receipt dates have no age, and are in no bucket.
        coalesce(feeds.age_status, 'ok') = 'ok' and coalesce(feeds.stock_status, 'ok') = 'ok' as has_age,
        coalesce(bucketed.bucket_units, 0) as bucket_units,
        {% for column in ['opening', 'in', 'out', 'closing', 'layer'] -%}
            cast(conservation.{{ column }}_units as decimal(28, 6)) as ledger_{{ column }}_units,
        {% endfor -%}
        cast(conservation.value_in as decimal(24, 4)) as value_in,
        cast(conservation.value_out as decimal(24, 4)) as value_out,
        cast(conservation.value_left as decimal(24, 4)) as value_left,
        cast(conservation.value_gap as decimal(24, 4)) as value_gap,
        cast(conservation.units_gap as decimal(28, 6)) as units_gap,
        conservation.item_id is not null as has_ledger_proof,
        coalesce(conservation.is_closed, false) as is_ledger_closed
    from moved
    full outer join conservation
        on moved.item_id = conservation.item_id and moved.warehouse_id = conservation.warehouse_id
    left join closing on moved.item_id = closing.item_id and moved.warehouse_id = closing.warehouse_id
    left join bucketed on moved.item_id = bucketed.item_id and moved.warehouse_id = bucketed.warehouse_id
    left join feeds on split_part(coalesce(moved.item_id, conservation.item_id), '/', 1) = feeds.company_code
),

final as (
    select
        item_id,
        warehouse_id,
        cast(movements as bigint) as movements,
        {{ as_units('movement_units') }} as movement_units,
        {{ as_units('balance_units') }} as balance_units,
        case when has_age then {{ as_units('bucket_units') }} end as bucket_units,
        ledger_opening_units,
        ledger_in_units,
        ledger_out_units,
        ledger_closing_units,
        ledger_layer_units,
        units_gap as ledger_units_gap,
        value_in,
        value_out,
        value_left,
        value_gap,
        has_ledger_proof,
        -- Everything that must be equal, equal to the last decimal; a value that no source costed is judged by the ledger alone.
        has_ledger_proof
        and is_ledger_closed
        and movement_units = balance_units
        and balance_units = ledger_closing_units
        and balance_units = ledger_layer_units
        and (balance_units = bucket_units or not has_age) as is_closed
    from joined
)

select * from final
