-- Documents entered too long after their business date, one finding per document.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

late as (
    select
        movements.source_instance,
        movements.doc_no,
        min(movements.item_id) as item_id,
        min_by(movements.warehouse_id, movements.movement_sequence) as warehouse_id,
        count(distinct movements.item_id) as items,
        min(movements.business_date) as business_date,
        max({{ days_between('movements.business_date', local_date('movements.entered_at', 'run_parameters.timezone')) }}) as late_days,
        sum(movements.quantity_units) as moved_units,
        sum(movements.quantity_units * item_warehouses.unit_cost_latest) as moved_value,
        min_by(movements.source_file, movements.movement_sequence) as source_file,
        min_by(movements.source_row, movements.movement_sequence) as source_row
    from movements
    cross join run_parameters
    left join item_warehouses
        on movements.item_id = item_warehouses.item_id and movements.warehouse_id = item_warehouses.warehouse_id
    where
        {{ days_between('movements.business_date', local_date('movements.entered_at', 'run_parameters.timezone')) }}
        > run_parameters.late_document_days
    group by movements.source_instance, movements.doc_no
),

final as (
    select
        'late_document' as rule_id,
        source_instance || '|' || doc_no as subject,
        cast(null as varchar) as severity_override,
        cast(case when items = 1 then item_id end as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(doc_no as varchar) as doc_no,
        cast(business_date as date) as business_date,
        {{ as_units('moved_units') }} as variance_units,
        {{ as_value('moved_value') }} as variance_value,
        cast('late_document' as varchar) as cause,
        doc_no || ' was entered ' || cast(late_days as varchar) || ' days after its business date' as explanation,
        cast(source_file as varchar) as source_file,
        cast(source_row as bigint) as source_row
    from late
)

select * from final
