-- Findings about what was delivered: files, rows, master records, days and snapshots.
with batches as (
    select * from {{ source('quality', 'landing_batches') }}
),

duplicate_rows as (
    select * from {{ source('quality', 'duplicate_rows') }}
),

quarantined_rows as (
    select * from {{ source('quality', 'quarantined_rows') }}
),

master_changes as (
    select * from {{ source('quality', 'master_changes') }}
),

missing_days as (
    select * from {{ ref('rec_missing_days') }}
),

cut_files as (
    select * from {{ ref('rec_cut_files') }}
),

short_volumes as (
    select * from {{ ref('rec_short_volumes') }}
),

snapshots as (
    select * from {{ ref('stg_stock_on_hand') }}
),

physical as (
    select * from {{ ref('stg_wms_stock') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

delivery_history as (
    select * from {{ ref('rec_delivery_history') }}
),

explained_cells as (
    select * from {{ ref('rec_explained_cells') }}
),

item_activity as (
    select
        balances.item_id,
        case when balances.valid_to_date = run_parameters.as_of_date then balances.on_hand_units else 0 end as on_hand_units,
        cast(null as date) as last_demand_date
    from {{ ref('int_item_warehouse_balances') }} as balances
    cross join {{ source('control', 'run_parameters') }} as run_parameters
    union all
    select
        item_id,
        0 as on_hand_units,
        max(business_date) as last_demand_date
    from {{ ref('int_stock_movements') }}
    where is_demand
    group by item_id
),

items as (
    select * from {{ ref('stg_items') }}
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

-- A complete list (a master) of a later day that says the same as before has not come twice: nothing changed meanwhile.
first_contents as (
    select
        source_instance,
        contract,
        source_sha256,
        min(extract_date) as first_date
    from batches
    where status = 'loaded'
    group by source_instance, contract, source_sha256
),

-- A file that was refused whole, or that came twice.
whole_files as (
    select
        {{ finding_columns(
            "case batches.status when 'refused' then 'refused_file' else 'duplicate_file' end",
            'batches.batch_id',
            message("case batches.status when 'refused' then 'refused_file' else 'duplicate_file' end", ['batches.source_file', "case batches.status when 'refused' then coalesce(nullif(batches.message, ''), 'no reason given') else cast(batches.rows_in as varchar) end"]),
            business_date='batches.extract_date',
            source_file='batches.source_file'
        ) }}
    from batches
    left join first_contents
        on
            batches.source_instance = first_contents.source_instance
            and batches.contract = first_contents.contract
            and batches.source_sha256 = first_contents.source_sha256
    where
        batches.status = 'refused'
        or (
            batches.status = 'duplicate_file'
            and (
                batches.scope_kind <> 'full'
                or first_contents.first_date is null
                or batches.extract_date <= first_contents.first_date
            )
        )
),

-- One finding per batch and kind; a file that came twice has its own rule.
repeated_rows as (
    select
        {{ finding_columns(
            "'duplicate_row'",
            "batch_id || '|' || kind",
            message("'duplicate_row'", ['count(*)', 'contract', 'kind']),
            cause='kind',
            source_file='min(source_file)',
            source_row='min(source_row)'
        ) }}
    from duplicate_rows
    where kind <> 'same_file'
    group by batch_id, contract, kind
),

-- One finding per batch and rule.
broken_rows as (
    select
        {{ finding_columns(
            "'quarantined_row'",
            "batch_id || '|' || rule_id",
            message("'quarantined_row'", ['count(distinct source_row)', 'contract', 'coalesce(min(reason), rule_id)']),
            cause='rule_id',
            doc_no='min(doc_no)',
            business_date='min(extract_date)',
            source_file='min(source_file)',
            source_row='min(source_row)'
        ) }}
    from quarantined_rows
    group by batch_id, contract, rule_id
),

-- An item code whose name, category or unit changed its meaning between extracts, one finding per item.
reused_codes as (
    select
        {{ finding_columns(
            "'reused_code'",
            "source_instance || '|' || source_key || '|' || cast(max(extract_date) as varchar)",
            message("'reused_code'", ["string_agg(column_name || ': ' || coalesce(old_value, '') || ' -> ' || coalesce(new_value, ''), '; ' order by column_name, extract_date)"]),
            item_id="company_code || '/' || source_key",
            business_date='max(extract_date)',
            source_file='min(source_file)',
            source_row='min(source_row)'
        ) }}
    from master_changes
    where contract = 'item' and column_name in ('item_name', 'category_name', 'base_uom')
    group by source_instance, company_code, source_key
),

-- Parameters that orders are computed from: a pack size or a shelf life that is another one, a lead time, safety stock or minimum that
-- went to nothing, or is three times or a third of what it was. Smaller moves are the everyday work of buyers.
parameter_changes as (
    select
        *,
        try_cast(old_value as double) as old_figure,
        try_cast(new_value as double) as new_figure
    from master_changes
    where
        contract = 'item'
        and column_name in ('order_multiple_units', 'moq_units', 'lead_time_days', 'safety_stock_units', 'shelf_life_days')
),

changed_parameters as (
    select
        {{ finding_columns(
            "'master_change'",
            "source_instance || '|' || source_key || '|' || column_name || '|' || cast(extract_date as varchar)",
            message("'master_change'", ['column_name', 'old_value', 'old_extract_date', 'new_value', 'extract_date']),
            cause='column_name',
            item_id="company_code || '/' || source_key",
            business_date='extract_date',
            source_file='source_file',
            source_row='source_row'
        ) }}
    from parameter_changes
    where
        old_figure <> new_figure
        and (
            column_name in ('order_multiple_units', 'shelf_life_days')
            or new_figure = 0
            or old_figure > 0 and (new_figure >= 3 * old_figure or new_figure * 3 <= old_figure)
        )
),

-- Parameters of new records that are five times those of their category, and three times as far as three of four of its items lie.
-- Each of 300 items of four demo companies held against the others: 2 of 4,456 parameters, and of those made ten times as large 31 to
-- 100 %, a hundred times 94 to 100 % (2026-12).
known_parameters as (
    {% for name in ['order_multiple_units', 'moq_units', 'lead_time_days', 'safety_stock_units', 'shelf_life_days'] %}
        select
            '{{ name }}' as column_name,
            item_id,
            company_code,
            category_code,
            cast({{ name }} as double) as figure
        from items
        where {{ name }} > 0
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

beside_category as (
    select
        parameter_changes.source_instance,
        parameter_changes.source_key,
        parameter_changes.column_name,
        parameter_changes.new_value,
        parameter_changes.new_figure,
        parameter_changes.extract_date,
        parameter_changes.source_file,
        parameter_changes.source_row,
        own.item_id,
        others.figure
    from parameter_changes
    inner join known_parameters as own
        on
            parameter_changes.column_name = own.column_name
            and parameter_changes.company_code || '/' || parameter_changes.source_key = own.item_id
    inner join known_parameters as others
        on
            own.column_name = others.column_name
            and own.company_code = others.company_code
            and own.category_code = others.category_code
            and own.item_id <> others.item_id
    where parameter_changes.old_value is null and parameter_changes.new_figure > 0
),

category_medians as (
    select
        item_id,
        column_name,
        extract_date,
        median(figure) as usual_figure
    from beside_category
    group by item_id, column_name, extract_date
    having count(*) >= 5
),

category_gaps as (
    select
        category_medians.item_id,
        category_medians.column_name,
        category_medians.extract_date,
        category_medians.usual_figure,
        min(beside_category.source_instance) as source_instance,
        min(beside_category.source_key) as source_key,
        min(beside_category.new_value) as new_value,
        min(beside_category.source_file) as source_file,
        min(beside_category.source_row) as source_row,
        abs(ln(min(beside_category.new_figure) / category_medians.usual_figure)) as gap,
        quantile_cont(abs(ln(beside_category.figure / category_medians.usual_figure)), 0.75) as usual_gap
    from beside_category
    inner join category_medians
        on
            beside_category.item_id = category_medians.item_id
            and beside_category.column_name = category_medians.column_name
            and beside_category.extract_date = category_medians.extract_date
    group by
        category_medians.item_id, category_medians.column_name, category_medians.extract_date, category_medians.usual_figure
),

odd_new_records as (
    select
        {{ finding_columns(
            "'master_change'",
            "source_instance || '|' || source_key || '|' || column_name || '|' || cast(extract_date as varchar)",
            message("'master_change.new'", ['column_name', 'new_value', 'extract_date', number_text('usual_figure')]),
            cause='column_name',
            item_id='item_id',
            business_date='extract_date',
            source_file='source_file',
            source_row='source_row'
        ) }}
    from category_gaps
    where gap > greatest(ln(5), 3 * usual_gap)
),

-- Items with stock or demand of the last 90 days that a full master had and the newest one has not.
gone_records as (
    select
        master_changes.source_instance,
        master_changes.extract_date,
        master_changes.source_file,
        count(*) as gone_items,
        min(item_warehouses.item_id) as first_item_id
    from master_changes
    inner join (
        select
            item_id,
            max(on_hand_units) as on_hand_units,
            max(last_demand_date) as last_demand_date
        from item_activity
        group by item_id
    ) as item_warehouses
        on master_changes.company_code || '/' || master_changes.source_key = item_warehouses.item_id
    cross join run_parameters
    where
        master_changes.contract = 'item'
        and master_changes.column_name = 'record'
        and (
            item_warehouses.on_hand_units <> 0
            or item_warehouses.last_demand_date >= {{ add_days('run_parameters.as_of_date', '-90') }}
        )
        and not exists (
            select 1 from items
            where items.item_id = item_warehouses.item_id and items.extract_date > master_changes.extract_date
        )
    group by master_changes.source_instance, master_changes.extract_date, master_changes.source_file
),

missing_master_rows as (
    select
        {{ finding_columns(
            "'missing_master_row'",
            "source_instance || '|' || cast(extract_date as varchar)",
            message("'missing_master_row'", ['gone_items', 'source_file', 'extract_date', 'first_item_id']),
            business_date='extract_date',
            source_file='source_file'
        ) }}
    from gone_records
),

silent_days as (
    select
        {{ finding_columns(
            "'missing_movement_day'",
            "source_instance || '|' || company_code || '|' || cast(missing_date as varchar)",
            message("'missing_movement_day'", ['missing_date', 'unmatched_documents', 'parted_balances']),
            business_date='missing_date'
        ) }}
    from missing_days
),

-- The newest snapshot of a warehouse is too old, one finding per system and warehouse.
old_snapshots as (
    select
        {{ finding_columns(
            "'stale_snapshot'",
            "newest.kind || '|' || newest.source_instance || '|' || newest.warehouse_id",
            message("'stale_snapshot'", ['newest.kind', 'newest.last_date', days_between('newest.last_date', 'run_parameters.as_of_date')]),
            warehouse_id='newest.warehouse_id',
            business_date='newest.last_date'
        ) }}
    from newest
    cross join run_parameters
    inner join warehouses on newest.warehouse_id = warehouses.warehouse_id
    where
        warehouses.is_active
        and {{ days_between('newest.last_date', 'run_parameters.as_of_date') }} > run_parameters.stale_snapshot_days
),

-- Lists that are wrong as a whole (rec_explained_cells), one finding per cause. No money is at stake once the list is set aside; a list
-- that a later one corrects is information.
wrong_lists as (
    select
        explanation_id,
        cause,
        list_system,
        company_code,
        list_date,
        min(warehouse_id) as warehouse_id,
        count(distinct warehouse_id) as places,
        string_agg(distinct warehouse_id, ', ' order by warehouse_id) as warehouse_ids,
        count(distinct item_id || '|' || warehouse_id) as cells,
        min(other_date) as other_date,
        min(other_warehouse_id) as other_warehouse_id,
        min(factor) as factor,
        min(source_file) as source_file,
        max(gap_before_units) as gap_before_units,
        max(gap_after_units) as gap_after_units,
        min(cast(is_withdrawn as integer)) = 1 as is_withdrawn
    from explained_cells
    group by explanation_id, cause, list_system, company_code, list_date
),

wrong_list_findings as (
    select
        {{ finding_columns(
            'cause',
            'explanation_id',
            message("'list.' || cause || case when cause <> 'places_swapped' then '' when places > 1 then '.each_other' else '.other' end", ['list_system', 'list_date', 'warehouse_ids', 'cells', number_text('round(gap_before_units, 2)'), number_text('round(gap_after_units, 2)'), "case cause when 'stale_snapshot' then cast(other_date as varchar) when 'wrong_scale' then cast(factor as varchar) else other_warehouse_id end"]),
            severity="case when is_withdrawn then 'info' end",
            warehouse_id='case when places = 1 then warehouse_id end',
            business_date='list_date',
            value='0',
            source_file='source_file'
        ) }}
    from wrong_lists
),

-- A warehouse that a system's lists had on nine of ten days within four weeks, and that the list of another day leaves out.
place_days as (
    select distinct
        'ERP' as list_system,
        source_instance,
        warehouse_id,
        as_of_date as list_date
    from snapshots
    union distinct
    select distinct
        'WMS' as list_system,
        source_instance,
        warehouse_id,
        as_of_date as list_date
    from physical
),

list_days as (
    select distinct
        list_system,
        source_instance,
        list_date
    from place_days
),

place_spans as (
    select
        list_system,
        source_instance,
        warehouse_id,
        min(list_date) as first_date
    from place_days
    group by list_system, source_instance, warehouse_id
),

place_calendar as (
    select
        place_spans.list_system,
        place_spans.source_instance,
        place_spans.warehouse_id,
        list_days.list_date,
        place_days.warehouse_id is not null as is_there,
        count(place_days.warehouse_id) over lately as days_there,
        count(*) over lately as days_known,
        min(list_days.list_date) over lately as lately_from
    from place_spans
    inner join list_days
        on
            place_spans.list_system = list_days.list_system
            and place_spans.source_instance = list_days.source_instance
            and place_spans.first_date <= list_days.list_date
    left join place_days
        on
            place_spans.list_system = place_days.list_system
            and place_spans.source_instance = place_days.source_instance
            and place_spans.warehouse_id = place_days.warehouse_id
            and list_days.list_date = place_days.list_date
    window lately as (
        partition by place_spans.list_system, place_spans.source_instance, place_spans.warehouse_id
        order by list_days.list_date
        rows between 28 preceding and 1 preceding
    )
),

-- A file whose documents were there before under other internal numbers. One finding per file; its copies are in no figure.
reissued_files as (
    select
        {{ finding_columns(
            "'reissued_file'",
            "source_instance || '|' || source_file || '|' || first_file",
            message("'reissued_file'", ['count(*)', 'source_file', 'first_file']),
            business_date='max(extract_date)',
            source_file='source_file'
        ) }}
    from {{ ref('int_reissued_movements') }}
    group by source_instance, source_file, first_file
),

missing_places as (
    select
        {{ finding_columns(
            "'missing_place'",
            "place_calendar.list_system || '|' || place_calendar.source_instance || '|' || place_calendar.warehouse_id || '|' || cast(place_calendar.list_date as varchar)",
            message("'missing_place'", ['place_calendar.list_system', 'place_calendar.list_date', 'place_calendar.warehouse_id', 'place_calendar.days_there', 'place_calendar.days_known']),
            severity="case when later.last_date is not null then 'info' end",
            warehouse_id='place_calendar.warehouse_id',
            business_date='place_calendar.list_date'
        ) }}
    from place_calendar
    inner join warehouses on place_calendar.warehouse_id = warehouses.warehouse_id
    left join (
        select
            list_system,
            source_instance,
            warehouse_id,
            max(list_date) as last_date
        from place_days
        group by list_system, source_instance, warehouse_id
    ) as later
        on
            place_calendar.list_system = later.list_system
            and place_calendar.source_instance = later.source_instance
            and place_calendar.warehouse_id = later.warehouse_id
            and place_calendar.list_date < later.last_date
    where
        not place_calendar.is_there
        and warehouses.is_active
        -- Lists that come at least weekly; a site that reports by the month is missing when its month is over.
        and {{ days_between('place_calendar.lately_from', 'place_calendar.list_date') }} <= 7 * place_calendar.days_known
        and place_calendar.days_known >= 10
        and place_calendar.days_there >= 0.9 * place_calendar.days_known
),

short_deliveries as (
    select
        {{ finding_columns(
            "'short_file'",
            'batch_id',
            message("'short_file.rows'", ['source_file', 'rows_in', number_text('usual_rows'), number_text('least_rows')]),
            business_date='extract_date',
            source_file='source_file'
        ) }}
    from delivery_history
    where
        {{ is_short_delivery() }}
        -- the lines that lack say more than a number of rows
        and not exists (
            select 1 from cut_files
            where
                cut_files.source_instance = delivery_history.source_instance
                and cut_files.source_file = delivery_history.source_file
        )
),

-- A file without documents of its day that the other system has: what it leaves in the figures is as bad as its rows are many.
cut_deliveries as (
    select
        {{ finding_columns(
            "'short_file'",
            "contract || '|' || company_code || '|' || cast(cut_date as varchar)",
            message("'short_file.lines'", ['source_file', 'lacking_lines', 'day_lines', 'contract', 'cut_date']),
            severity="case when contract = 'stock_movement' then 'critical' end",
            business_date='cut_date',
            source_file='source_file'
        ) }}
    from cut_files
),

-- Documents of a warehouse or of a kind that lack beside those of the others.
short_parts as (
    select
        {{ finding_columns(
            "'short_file'",
            "contract || '|' || company_code || '|' || part_kind || '|' || part || '|' || cast(first_date as varchar)",
            message("'short_file.' || part_kind", ['part', 'part_lines', 'span_days', 'last_date', 'usual_lines', 'other_lines', 'contract']),
            warehouse_id="case when part_kind = 'warehouse' then part end",
            business_date='last_date',
            source_file='source_file'
        ) }}
    from short_volumes
),

-- Days on which the source delivered something else. A dataset that came on nine of ten such days of a kind,
-- ten at least, is expected on all: purchase orders, which are not placed every day, came on six of seven (demo company, November 2026).
source_days as (
    select distinct
        source_instance,
        extract_date,
        case when {{ iso_weekday('extract_date') }} >= 6 then 1 else 0 end as is_weekend
    from delivery_history
),

daily_spans as (
    select
        source_instance,
        dataset,
        min(contract) as contract,
        min(previous_extract_date) as first_date,
        max(extract_date) as last_date,
        median(rows_in) as usual_rows
    from delivery_history
    where gap_days = 1
    group by source_instance, dataset
),

calendar as (
    select
        daily_spans.source_instance,
        daily_spans.dataset,
        daily_spans.contract,
        daily_spans.usual_rows,
        source_days.extract_date <= daily_spans.last_date as is_before_last,
        source_days.extract_date,
        source_days.is_weekend,
        delivery_history.batch_id is not null as is_there
    from daily_spans
    inner join source_days
        on daily_spans.source_instance = source_days.source_instance and daily_spans.first_date <= source_days.extract_date
    left join delivery_history
        on
            daily_spans.source_instance = delivery_history.source_instance
            and daily_spans.dataset = delivery_history.dataset
            and source_days.extract_date = delivery_history.extract_date
),

expected_days as (
    select
        *,
        -- What stopped is expected as it was while it came.
        sum(case when is_before_last then 1 else 0 end) over series as known_days,
        sum(case when is_there then 1 else 0 end) over series as delivered_days
    from calendar
    window series as (partition by source_instance, dataset, is_weekend)
),

missing_files as (
    select
        {{ finding_columns(
            "'missing_file'",
            "expected_days.source_instance || '|' || expected_days.dataset || '|' || cast(expected_days.extract_date as varchar)",
            message("'missing_file'", ['expected_days.dataset', 'expected_days.extract_date', 'expected_days.source_instance', 'expected_days.delivered_days', 'expected_days.known_days']),
            business_date='expected_days.extract_date'
        ) }}
    from expected_days
    left join missing_days
        on
            expected_days.contract = 'stock_movement'
            and expected_days.source_instance = missing_days.source_instance
            and expected_days.extract_date = missing_days.missing_date
    where
        not expected_days.is_there
        and expected_days.known_days >= 10
        and expected_days.delivered_days >= 0.9 * expected_days.known_days
        -- Where a day has a handful of rows, some day has none; of ten usual rows all are missing once in 20,000 days (Poisson).
        and expected_days.usual_rows >= 10
        and missing_days.missing_date is null
),

final as (
    select * from whole_files
    union all
    select * from repeated_rows
    union all
    select * from broken_rows
    union all
    select * from reused_codes
    union all
    select * from silent_days
    union all
    select * from changed_parameters
    union all
    select * from odd_new_records
    union all
    select * from missing_master_rows
    union all
    select * from old_snapshots
    union all
    select * from wrong_list_findings
    union all
    select * from missing_places
    union all
    select * from reissued_files
    union all
    select * from short_deliveries
    union all
    select * from cut_deliveries
    union all
    select * from short_parts
    union all
    select * from missing_files
)

select * from final
