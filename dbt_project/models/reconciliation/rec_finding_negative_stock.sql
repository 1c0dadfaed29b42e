-- The book went below zero: one finding per item, warehouse and unbroken spell. A spell that comes wholly from openings that
-- differ from the close before is told once, as continuity_break.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

balances as (
    select * from {{ ref('int_item_warehouse_balances') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

continuity as (
    select * from {{ ref('rec_continuity') }}
),

marked as (
    select
        *,
        sum(case when on_hand_units < 0 then 0 else 1 end) over (
            partition by item_id, warehouse_id order by valid_from_date
        ) as spell
    from balances
),

below as (
    select
        marked.item_id,
        marked.warehouse_id,
        marked.spell,
        marked.valid_from_date,
        marked.valid_to_date,
        marked.on_hand_units,
        sum(coalesce(continuity.variance_units, 0)) as opened_otherwise_units
    from marked
    left join continuity
        on
            marked.item_id = continuity.item_id
            and marked.warehouse_id = continuity.warehouse_id
            and marked.valid_from_date >= continuity.opening_date
            and continuity.variance_units <> 0
    where marked.on_hand_units < 0
    group by
        marked.item_id, marked.warehouse_id, marked.spell, marked.valid_from_date, marked.valid_to_date, marked.on_hand_units
),

spells as (
    select
        item_id,
        warehouse_id,
        min(valid_from_date) as from_date,
        max(valid_to_date) as to_date,
        min(on_hand_units) as lowest_units
    from below
    group by item_id, warehouse_id, spell
    having min(on_hand_units + opened_otherwise_units) < 0
),

-- The issue that took it below: the last outward movement of the first day.
crossings as (
    select
        spells.item_id,
        spells.warehouse_id,
        spells.from_date,
        max_by(movements.doc_no, movements.movement_sequence) as doc_no,
        max_by(movements.source_file, movements.movement_sequence) as source_file,
        max_by(movements.source_row, movements.movement_sequence) as source_row
    from spells
    inner join movements
        on
            spells.item_id = movements.item_id
            and spells.warehouse_id = movements.warehouse_id
            and spells.from_date = movements.business_date
    where movements.quantity_units < 0
    group by spells.item_id, spells.warehouse_id, spells.from_date
),

final as (
    select
        'negative_stock' as rule_id,
        spells.item_id || '|' || spells.warehouse_id || '|' || cast(spells.from_date as varchar) as subject,
        cast(null as varchar) as severity_override,
        cast(spells.item_id as varchar) as item_id,
        cast(spells.warehouse_id as varchar) as warehouse_id,
        cast(null as varchar) as doc_no,
        cast(spells.from_date as date) as business_date,
        spells.lowest_units as variance_units,
        {{ as_value('spells.lowest_units * item_warehouses.unit_cost_latest') }} as variance_value,
        cast('negative_stock' as varchar) as cause,
        'below zero from ' || cast(spells.from_date as varchar) || ' to ' || cast(spells.to_date as varchar)
        || ', lowest ' || cast(spells.lowest_units as varchar) as explanation,
        cast(crossings.source_file as varchar) as source_file,
        cast(crossings.source_row as bigint) as source_row
    from spells
    left join crossings
        on
            spells.item_id = crossings.item_id
            and spells.warehouse_id = crossings.warehouse_id
            and spells.from_date = crossings.from_date
    left join item_warehouses
        on spells.item_id = item_warehouses.item_id and spells.warehouse_id = item_warehouses.warehouse_id
)

select * from final
