{%- set shelf_message -%}
    case
        when unexplained.variance_cause in ('unit_of_measure_mix', 'unposted_transfer') then unexplained.variance_cause
        else 'difference'
    end
    || case unexplained.comparison when 'book_wms' then '.wms' else '.count' end
    || case
        when unexplained.variance_cause = 'unposted_transfer' then ''
        when unexplained.variance_units < 0 then '_below'
        else '_above'
    end
{%- endset -%}
{%- set shelf_reason -%}
    case unexplained.variance_cause
        when 'unposted_transfer' then unexplained.other_warehouse_id
        when 'unit_of_measure_mix' then {{ number_text('item_warehouses.order_multiple_units') }}
    end
{%- endset -%}
{%- set grain -%}
    lot_no || ' ' || stock_status || ': ' || {{ number_text('listed_units') }} || ' / ' || {{ number_text('ledger_units') }}
{%- endset -%}
-- Findings about stock: shelf or list against the book, periods that do not join, negative, expired, not conserved.
with differences as (
    select * from {{ ref('rec_differences') }}
),

continuity as (
    select * from {{ ref('rec_continuity') }}
),

balances as (
    select * from {{ ref('int_item_warehouse_balances') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

open_layers as (
    select * from {{ source('ledger', 'open_layers') }}
),

conservation as (
    select * from {{ ref('fct_conservation') }}
),

stock_grains as (
    select * from {{ ref('rec_stock_grains') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

-- Found by the WMS and by a count, it is one finding.
unexplained as (
    select
        *,
        row_number() over (
            partition by item_id, warehouse_id, variance_units
            order by first_date asc, comparison desc, difference_id asc
        ) as preference
    from differences
    where
        comparison in ('book_wms', 'book_count')
        and variance_cause in ('unexplained', 'unit_of_measure_mix', 'unposted_transfer')
        and movement_key is null
        and not is_posted
        and sign(variance_units) = sign(variance_after_units)
        and variance_units <> 0
),

-- Shrink is critical beyond the tolerance of the class, else a warning.
shelf_differences as (
    select
        {{ finding_columns(
            "case when unexplained.variance_cause <> 'unexplained' then unexplained.variance_cause when unexplained.variance_units < 0 then 'shrink' else 'surplus' end",
            "unexplained.item_id || '|' || unexplained.warehouse_id || '|' || cast(unexplained.first_date as varchar) || '|' || unexplained.comparison || coalesce('|' || nullif(unexplained.count_no, ''), '')",
            message(shelf_message, [number_text('unexplained.other_units'), number_text('unexplained.book_units'), shelf_reason]),
            cause='unexplained.variance_cause',
            severity="case when unexplained.variance_units < 0 and not unexplained.is_beyond_tolerance then 'warning' end",
            item_id='unexplained.item_id',
            warehouse_id='unexplained.warehouse_id',
            doc_no="nullif(unexplained.count_no, '')",
            business_date='unexplained.first_date',
            units='unexplained.variance_units',
            value='unexplained.variance_value',
            source_file='unexplained.source_file',
            source_row='unexplained.source_row'
        ) }}
    from unexplained
    left join item_warehouses
        on unexplained.item_id = item_warehouses.item_id and unexplained.warehouse_id = item_warehouses.warehouse_id
    -- Of the two sides of a move, the one where the goods are missing.
    where unexplained.preference = 1 and (unexplained.variance_cause <> 'unposted_transfer' or unexplained.variance_units < 0)
),

list_differences as (
    select
        {{ finding_columns(
            "'ledger_book_mismatch'",
            "item_id || '|' || warehouse_id || '|' || cast(first_date as varchar)",
            message("case when agreed_date is null then 'ledger_book_mismatch.first' else 'ledger_book_mismatch.agreed' end", [number_text('book_units'), number_text('other_units'), 'agreed_date']),
            cause="'unexplained'",
            item_id='item_id',
            warehouse_id='warehouse_id',
            business_date='first_date',
            units='variance_units',
            value='variance_value',
            source_file='source_file',
            source_row='source_row'
        ) }}
    from differences
    where comparison = 'ledger_book' and variance_cause = 'unexplained' and variance_after_units <> 0
),

period_breaks as (
    select
        {{ finding_columns(
            "'continuity_break'",
            "item_id || '|' || warehouse_id || '|' || cast(close_date as varchar)",
            message("'continuity_break'", [number_text('close_units'), number_text('opening_units')]),
            item_id='item_id',
            warehouse_id='warehouse_id',
            business_date='close_date',
            units='variance_units',
            value='variance_value',
            source_file='opening_source_file',
            source_row='opening_source_row'
        ) }}
    from continuity
    where variance_units <> 0
),

-- A negative spell that comes wholly from openings that differ from the close before is reported once, as continuity_break.
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

negative_spells as (
    select
        {{ finding_columns(
            "'negative_stock'",
            "spells.item_id || '|' || spells.warehouse_id || '|' || cast(spells.from_date as varchar)",
            message("'negative_stock'", ['spells.from_date', 'spells.to_date', number_text('spells.lowest_units')]),
            item_id='spells.item_id',
            warehouse_id='spells.warehouse_id',
            business_date='spells.from_date',
            units='spells.lowest_units',
            value='spells.lowest_units * item_warehouses.unit_cost_latest',
            source_file='crossings.source_file',
            source_row='crossings.source_row'
        ) }}
    from spells
    left join crossings
        on
            spells.item_id = crossings.item_id
            and spells.warehouse_id = crossings.warehouse_id
            and spells.from_date = crossings.from_date
    left join item_warehouses
        on spells.item_id = item_warehouses.item_id and spells.warehouse_id = item_warehouses.warehouse_id
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

-- Past its expiry date on the run's date, one finding per item, warehouse and lot.
expired_lots as (
    select
        {{ finding_columns(
            "'expired_stock'",
            "expired.item_id || '|' || expired.warehouse_id || '|' || expired.lot_no",
            message("'expired_stock'", ['expired.lot_no', 'expired.expiry_date', number_text('expired.quantity_units')]),
            item_id='expired.item_id',
            warehouse_id='expired.warehouse_id',
            business_date='expired.expiry_date',
            units='expired.quantity_units',
            value='expired.stock_value',
            source_file='movements.source_file',
            source_row='movements.source_row'
        ) }}
    from expired
    left join movements on expired.movement_sequence = movements.movement_sequence
),

-- The item agrees and its lots, its status or its owners do not, or a lot differs against the direction of its item: one finding per
-- item, warehouse and kind, both lists together.
misplaced_grains as (
    select
        {{ finding_columns(
            'variance_cause',
            "item_id || '|' || warehouse_id",
            message("'grains'", ["string_agg(distinct " ~ grain ~ ", '; ' order by " ~ grain ~ ')']),
            item_id='item_id',
            warehouse_id='warehouse_id',
            business_date='max(as_of_date)',
            units='max(abs(variance_units))',
            value='max(abs(variance_value))',
            source_file='min(source_file)',
            source_row='min_by(source_row, source_file)'
        ) }}
    from stock_grains
    where variance_cause in ('wrong_lot', 'wrong_status', 'wrong_owner')
    group by variance_cause, item_id, warehouse_id
),

open_conservation as (
    select
        {{ finding_columns(
            "'conservation_broken'",
            "item_id || '|' || warehouse_id",
            message("'conservation_broken'", [number_text('movement_units'), number_text('balance_units'), "coalesce(cast(ledger_closing_units as varchar), '-')", "coalesce(cast(ledger_layer_units as varchar), '-')", "coalesce(cast(bucket_units as varchar), '-')"]),
            item_id='item_id',
            warehouse_id='warehouse_id',
            units="coalesce(ledger_closing_units, 0) - balance_units",
            value='value_gap'
        ) }}
    from conservation
    where not is_closed
),

final as (
    select * from shelf_differences
    union all
    select * from list_differences
    union all
    select * from period_breaks
    union all
    select * from negative_spells
    union all
    select * from expired_lots
    union all
    select * from misplaced_grains
    union all
    select * from open_conservation
)

select * from final
