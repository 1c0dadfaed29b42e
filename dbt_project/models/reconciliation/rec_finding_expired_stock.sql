-- Stock past its expiry date on the run's date, one finding per item, warehouse and lot.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

open_layers as (
    select * from {{ source('ledger', 'open_layers') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

expired as (
    select
        open_layers.item_id,
        open_layers.warehouse_id,
        open_layers.lot_no,
        min(cast(open_layers.lot_expiry_date as date)) as expiry_date,
        sum(cast(open_layers.quantity_units as decimal(28, 6))) as quantity_units,
        case when count(*) = count(open_layers.layer_value) then sum(cast(open_layers.layer_value as decimal(24, 4))) end as stock_value,
        min(movements.movement_sequence) as movement_sequence
    from open_layers
    cross join run_parameters
    left join movements on open_layers.origin_movement_key = movements.movement_key
    where
        cast(open_layers.snapshot_date as date) = run_parameters.as_of_date
        and cast(open_layers.lot_expiry_date as date) < run_parameters.as_of_date
        and open_layers.stock_status <> 'scrap'
    group by open_layers.item_id, open_layers.warehouse_id, open_layers.lot_no
    having sum(cast(open_layers.quantity_units as decimal(28, 6))) > 0
),

final as (
    select
        'expired_stock' as rule_id,
        expired.item_id || '|' || expired.warehouse_id || '|' || expired.lot_no as subject,
        cast(null as varchar) as severity_override,
        cast(expired.item_id as varchar) as item_id,
        cast(expired.warehouse_id as varchar) as warehouse_id,
        cast(null as varchar) as doc_no,
        cast(expired.expiry_date as date) as business_date,
        {{ as_units('expired.quantity_units') }} as variance_units,
        {{ as_value('expired.stock_value') }} as variance_value,
        cast('expired_stock' as varchar) as cause,
        'lot ' || expired.lot_no || ' expired on ' || cast(expired.expiry_date as varchar) || ' with '
        || cast(expired.quantity_units as varchar) || ' units left' as explanation,
        cast(movements.source_file as varchar) as source_file,
        cast(movements.source_row as bigint) as source_row
    from expired
    left join movements on expired.movement_sequence = movements.movement_sequence
)

select * from final
