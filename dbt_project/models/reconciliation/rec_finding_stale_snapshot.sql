-- The newest snapshot of a warehouse is too old, one finding per system and warehouse.
with snapshots as (
    select * from {{ ref('stg_stock_on_hand') }}
),

physical as (
    select * from {{ ref('stg_wms_stock') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

newest as (
    select
        'ERP' as kind,
        source_instance,
        warehouse_id,
        max(as_of_date) as last_date
    from snapshots
    group by source_instance, warehouse_id
    union all
    select
        'WMS' as kind,
        source_instance,
        warehouse_id,
        max(as_of_date) as last_date
    from physical
    group by source_instance, warehouse_id
),

final as (
    select
        'stale_snapshot' as rule_id,
        newest.kind || '|' || newest.source_instance || '|' || newest.warehouse_id as subject,
        cast(null as varchar) as severity_override,
        cast(null as varchar) as item_id,
        cast(newest.warehouse_id as varchar) as warehouse_id,
        cast(null as varchar) as doc_no,
        cast(newest.last_date as date) as business_date,
        cast(null as decimal(28, 6)) as variance_units,
        cast(null as decimal(24, 4)) as variance_value,
        cast('stale_snapshot' as varchar) as cause,
        newest.kind || ' snapshot of ' || cast(newest.last_date as varchar) || ' is '
        || cast({{ days_between('newest.last_date', 'run_parameters.as_of_date') }} as varchar) || ' days old' as explanation,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row
    from newest
    cross join run_parameters
    inner join warehouses on newest.warehouse_id = warehouses.warehouse_id
    where
        warehouses.is_active
        and {{ days_between('newest.last_date', 'run_parameters.as_of_date') }} > run_parameters.stale_snapshot_days
)

select * from final
