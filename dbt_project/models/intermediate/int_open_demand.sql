-- What is promised and not yet shipped, per item x warehouse: reserved for a later day, or already late.
with order_lines as (
    select * from {{ ref('int_order_lines') }}
),

source_lines as (
    select * from {{ ref('stg_sales_order_lines') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

open_lines as (
    select
        order_lines.item_id,
        order_lines.warehouse_id,
        order_lines.requested_date <= run_parameters.as_of_date as is_late,
        greatest(
            order_lines.ordered_units - order_lines.shipped_units - coalesce(source_lines.cancelled_units, 0), 0
        ) as open_units
    from order_lines
    inner join source_lines
        on
            order_lines.source_instance = source_lines.source_instance
            and order_lines.so_no = source_lines.so_no
            and order_lines.so_line_id = source_lines.so_line_id
            and order_lines.item_id = source_lines.item_id
    cross join run_parameters
    where
        not source_lines.is_closed
        and source_lines.doc_status <> 'cancelled'
),

final as (
    select
        item_id,
        warehouse_id,
        {{ as_units('sum(case when is_late then 0 else open_units end)') }} as reserved_units,
        {{ as_units('sum(case when is_late then open_units else 0 end)') }} as backorder_units
    from open_lines
    where open_units > 0
    group by item_id, warehouse_id
)

select * from final
