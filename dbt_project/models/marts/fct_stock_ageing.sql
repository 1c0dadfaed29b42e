-- Stock by age of its layers, at each month end and on the run's date. Upper bounds are inclusive; the buckets sum to on hand exactly.
with open_layers as (
    select * from {{ source('ledger', 'open_layers') }}
),

age_buckets as (
    select * from {{ source('control', 'age_buckets') }}
),

warehouses as (
    select * from {{ ref('int_warehouses') }}
),

transit_layers as (
    select * from {{ source('ledger', 'transit_layers') }}
),

layers as (
    select
        item_id,
        warehouse_id,
        snapshot_date,
        quantity_units,
        layer_value,
        owner_type,
        is_cost_known,
        is_negative,
        origin_date
    from open_layers
    union all
    select
        transit_layers.item_id,
        {{ transit_key('transit_layers.item_id') }} as warehouse_id,
        transit_layers.snapshot_date,
        transit_layers.quantity_units,
        transit_layers.layer_value,
        transit_layers.owner_type,
        transit_layers.is_cost_known,
        transit_layers.is_negative,
        transit_layers.origin_date
    from transit_layers
    left join warehouses on transit_layers.warehouse_id = warehouses.warehouse_id
    where transit_layers.owner_type = 'own' and coalesce(warehouses.is_valued, true)
),

feeds as (
    select * from {{ ref('int_company_feeds') }}
),

aged as (
    select
        open_layers.item_id,
        open_layers.warehouse_id,
        cast(open_layers.snapshot_date as date) as snapshot_date,
        cast(open_layers.quantity_units as decimal(28, 6)) as quantity_units,
        cast(open_layers.layer_value as decimal(24, 4)) as layer_value,
        open_layers.owner_type = 'own' and coalesce(warehouses.is_valued, true) as is_valued,
        open_layers.is_cost_known,
        open_layers.is_negative,
        greatest({{ days_between('cast(open_layers.origin_date as date)', 'cast(open_layers.snapshot_date as date)') }}, 0)
            as layer_age_days
    from layers as open_layers
    left join warehouses on open_layers.warehouse_id = warehouses.warehouse_id
    left join feeds on split_part(open_layers.item_id, '/', 1) = feeds.company_code
    -- Of goods in a stock list without receipt dates it is not known since when they are there.
    where coalesce(feeds.age_status, 'ok') = 'ok' and coalesce(feeds.stock_status, 'ok') = 'ok'
),

final as (
    select
        aged.item_id,
        aged.warehouse_id,
        aged.snapshot_date,
        cast(age_buckets.bucket_no as bigint) as bucket_no,
        cast(age_buckets.bucket_label as varchar) as bucket_label,
        {{ as_units('sum(aged.quantity_units)') }} as quantity_units,
        {{ as_units('sum(case when aged.is_negative then aged.quantity_units else 0 end)') }} as negative_units,
        case
            when sum(case when aged.is_valued then 1 else 0 end) = 0 then null
            when sum(case when aged.is_valued and not aged.is_cost_known then 1 else 0 end) > 0 then null
            else {{ as_value('sum(case when aged.is_valued then aged.layer_value else 0 end)') }}
        end as stock_value,
        case
            when sum(case when aged.is_valued then 1 else 0 end) = 0 then {{ not_valued_status() }}
            when sum(case when aged.is_valued and not aged.is_cost_known then 1 else 0 end) > 0 then {{ no_cost_status() }}
            else 'ok'
        end as value_status,
        {{ as_units('sum(aged.quantity_units * aged.layer_age_days)') }} as age_unit_days,
        max(aged.layer_age_days) as oldest_age_days,
        count(*) as layers
    from aged
    inner join age_buckets
        on
            aged.layer_age_days >= age_buckets.from_days
            and (age_buckets.to_days is null or aged.layer_age_days <= age_buckets.to_days)
    group by aged.item_id, aged.warehouse_id, aged.snapshot_date, age_buckets.bucket_no, age_buckets.bucket_label
)

select * from final
