-- What the stock of each snapshot must be written down by, and how that moved since the snapshot before. The larger of two tests
-- counts: the rates by age and expiry of each layer, and cost against what the goods still bring (net realisable value, at today's
-- price). A reversal never exceeds what was provided before.
with open_layers as (
    select * from {{ source('ledger', 'open_layers') }}
),

item_warehouses as (
    select * from {{ ref('dim_item_warehouses') }}
),

class_history as (
    select * from {{ ref('fct_class_history') }}
),

class_spells as (
    {{ class_spells('class_history') }}
),

warehouses as (
    select * from {{ ref('int_warehouses') }}
),

rates as (
    select
        *,
        -- The more particular row first, then the newer one.
        case when coalesce(category_name, '') <> '' then 2000000 else 0 end
        + case when coalesce(abc_class, '') <> '' then 1000000 else 0 end
        + {{ days_between("cast('2000-01-01' as date)", 'valid_from_date') }} as priority
    from {{ ref('provision_rates') }}
),

layers as (
    select
        cast(open_layers.snapshot_date as date) as snapshot_date,
        open_layers.item_id,
        open_layers.warehouse_id,
        item_warehouses.category_name,
        class_spells.abc_class,
        {{ days_between('cast(open_layers.origin_date as date)', 'cast(open_layers.snapshot_date as date)') }} as age_days,
        {{ days_between('cast(open_layers.snapshot_date as date)', 'cast(open_layers.lot_expiry_date as date)') }} as remaining_days,
        sum(cast(open_layers.quantity_units as decimal(28, 6))) as layer_units,
        sum(cast(open_layers.layer_value as decimal(24, 4))) as layer_value,
        count(*) - count(open_layers.layer_value) as unknown_layers
    from open_layers
    left join item_warehouses
        on open_layers.item_id = item_warehouses.item_id and open_layers.warehouse_id = item_warehouses.warehouse_id
    left join class_spells
        on
            open_layers.item_id = class_spells.item_id
            and open_layers.warehouse_id = class_spells.warehouse_id
            and cast(open_layers.snapshot_date as date) between class_spells.spell_from_date and class_spells.spell_to_date
    left join warehouses on open_layers.warehouse_id = warehouses.warehouse_id
    where
        open_layers.owner_type = 'own'
        and coalesce(warehouses.is_valued, true)
    group by
        cast(open_layers.snapshot_date as date),
        open_layers.item_id,
        open_layers.warehouse_id,
        item_warehouses.category_name,
        class_spells.abc_class,
        cast(open_layers.origin_date as date),
        cast(open_layers.lot_expiry_date as date),
        open_layers.quantity_units > 0
),

rated as (
    select
        layers.snapshot_date,
        layers.item_id,
        layers.warehouse_id,
        layers.age_days,
        layers.remaining_days,
        layers.layer_units,
        layers.layer_value,
        layers.unknown_layers,
        coalesce(max_by(rates.provision_rate, rates.priority) filter (where rates.basis = 'age'), 0) as age_rate,
        coalesce(max_by(rates.provision_rate, rates.priority) filter (where rates.basis = 'expiry'), 0) as expiry_rate
    from layers
    -- Units that the books owe belong to the value of the stock; nothing is provided for them.
    left join rates
        on
            layers.layer_units > 0
            and layers.snapshot_date >= rates.valid_from_date
            and coalesce(nullif(rates.category_name, ''), layers.category_name, '') = coalesce(layers.category_name, '')
            and coalesce(nullif(rates.abc_class, ''), layers.abc_class, '') = coalesce(layers.abc_class, '')
            and case when rates.basis = 'age' then layers.age_days else layers.remaining_days end
            between coalesce(rates.from_days, -1000000) and coalesce(rates.to_days, 1000000)
    group by
        layers.snapshot_date,
        layers.item_id,
        layers.warehouse_id,
        layers.age_days,
        layers.remaining_days,
        layers.layer_units,
        layers.layer_value,
        layers.unknown_layers
),

held as (
    select
        snapshot_date,
        item_id,
        warehouse_id,
        sum(layer_units) as stock_units,
        sum(layer_value) as stock_value,
        sum(unknown_layers) as unknown_layers,
        sum(cast(round(layer_value * cast(age_rate as decimal(9, 6)), 4) as decimal(24, 4))) as age_value,
        sum(cast(round(layer_value * cast(expiry_rate as decimal(9, 6)), 4) as decimal(24, 4))) as expiry_value,
        sum(cast(round(layer_value * cast(greatest(age_rate, expiry_rate) as decimal(9, 6)), 4) as decimal(24, 4))) as rate_value
    from rated
    group by snapshot_date, item_id, warehouse_id
),

snapshots as (
    select
        company_code,
        snapshot_date,
        lead(snapshot_date) over (partition by company_code order by snapshot_date) as next_date
    from (
        select distinct
            {{ company_of('item_id') }} as company_code,
            cast(snapshot_date as date) as snapshot_date
        from open_layers
    ) as dates
),

-- Stock that is gone at the next snapshot still has its provision to give back.
spine as (
    select
        snapshot_date,
        item_id,
        warehouse_id
    from held
    union distinct
    select
        snapshots.next_date as snapshot_date,
        held.item_id,
        held.warehouse_id
    from held
    inner join snapshots
        on {{ company_of('held.item_id') }} = snapshots.company_code and held.snapshot_date = snapshots.snapshot_date
    where snapshots.next_date is not null
),

tested as (
    select
        spine.snapshot_date,
        spine.item_id,
        spine.warehouse_id,
        coalesce(held.stock_units, 0) as stock_units,
        case when coalesce(held.unknown_layers, 0) = 0 then coalesce(held.stock_value, 0) end as stock_value,
        coalesce(held.age_value, 0) as age_value,
        coalesce(held.expiry_value, 0) as expiry_value,
        coalesce(held.rate_value, 0) as rate_value,
        {{ as_value('coalesce(held.stock_units, 0) * item_warehouses.unit_price') }} as realisable_value
    from spine
    left join held
        on
            spine.snapshot_date = held.snapshot_date
            and spine.item_id = held.item_id
            and spine.warehouse_id = held.warehouse_id
    left join item_warehouses
        on spine.item_id = item_warehouses.item_id and spine.warehouse_id = item_warehouses.warehouse_id
),

required as (
    select
        *,
        case when stock_value is not null then greatest(stock_value - coalesce(realisable_value, stock_value), 0) end
            as shortfall_value,
        case
            when stock_value is not null
                then greatest(least(stock_value, greatest(rate_value, stock_value - coalesce(realisable_value, stock_value), 0)), 0)
        end as provision_value
    from tested
),

moved as (
    select
        *,
        coalesce(lag(provision_value) over grain, 0) as opening_value,
        coalesce(lag(stock_units) over grain, 0) as opening_units
    from required
    window grain as (partition by item_id, warehouse_id order by snapshot_date)
),

-- What went with the goods is released; only what is left of it can be reversed.
split as (
    select
        *,
        case
            when provision_value is null then null
            when provision_value >= opening_value then 0
            else
                least(
                    opening_value - provision_value,
                    opening_value * greatest(opening_units - stock_units, 0) / nullif(opening_units, 0)
                )
        end as release_value
    from moved
),

final as (
    select
        snapshot_date,
        item_id,
        warehouse_id,
        {{ as_units('stock_units') }} as stock_units,
        {{ as_value('stock_value') }} as stock_value,
        {{ as_value('case when stock_value is not null then age_value end') }} as age_provision_value,
        {{ as_value('case when stock_value is not null then expiry_value end') }} as expiry_provision_value,
        realisable_value,
        {{ as_value('shortfall_value') }} as shortfall_value,
        case
            when stock_value is null then 'not_available'
            when provision_value = 0 then 'none'
            when shortfall_value > rate_value then 'net_realisable_value'
            when expiry_value > age_value then 'expiry'
            else 'age'
        end as provision_basis,
        {{ as_value('opening_value') }} as opening_provision_value,
        {{ as_value('case when provision_value is not null then greatest(provision_value - opening_value, 0) end') }} as charge_value,
        {{ as_value('release_value') }} as release_value,
        cast(
            case when provision_value is not null then greatest(opening_value - provision_value, 0) end
            - {{ as_value('release_value') }} as decimal(24, 4)
        ) as reversal_value,
        {{ as_value('provision_value') }} as provision_value,
        {{ as_value('stock_value - provision_value') }} as carrying_value,
        case when stock_value is null then {{ no_cost_status() }} else 'ok' end as value_status,
        case when realisable_value is null then 'not_available: no price in any source' else 'ok' end as realisable_status
    from split
)

select * from final
