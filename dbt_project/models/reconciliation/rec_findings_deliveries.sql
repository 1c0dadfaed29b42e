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

snapshots as (
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

-- A file that was refused whole, or that came twice.
whole_files as (
    select
        {{ finding_columns(
            "case status when 'refused' then 'refused_file' else 'duplicate_file' end",
            'batch_id',
            "'file ' || source_file || case status when 'refused' then ' was refused: ' || coalesce(nullif(message, ''), 'no reason given') else ' was read before; its ' || cast(rows_in as varchar) || ' rows changed nothing' end",
            business_date='extract_date',
            source_file='source_file'
        ) }}
    from batches
    where status in ('refused', 'duplicate_file')
),

-- One finding per batch and kind; a file that came twice has its own rule.
repeated_rows as (
    select
        {{ finding_columns(
            "'duplicate_row'",
            "batch_id || '|' || kind",
            "cast(count(*) as varchar) || ' rows of ' || contract || ' were already landed (' || kind || ')'",
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
            "cast(count(distinct source_row) as varchar) || ' rows of ' || contract || ' in quarantine: ' || coalesce(min(reason), rule_id)",
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
            "string_agg(column_name || ': ' || coalesce(old_value, '') || ' -> ' || coalesce(new_value, ''), '; ' order by column_name, extract_date)",
            item_id="company_code || '/' || source_key",
            business_date='max(extract_date)',
            source_file='min(source_file)',
            source_row='min(source_row)'
        ) }}
    from master_changes
    where contract = 'item'
    group by source_instance, company_code, source_key
),

silent_days as (
    select
        {{ finding_columns(
            "'missing_movement_day'",
            "source_instance || '|' || company_code || '|' || cast(missing_date as varchar)",
            "'no movement on ' || cast(missing_date as varchar) || ', but ' || cast(unmatched_documents as varchar) || ' documents of that day have none and ' || cast(parted_balances as varchar) || ' balances part over it'",
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
            "newest.kind || ' snapshot of ' || cast(newest.last_date as varchar) || ' is ' || cast(" ~ days_between('newest.last_date', 'run_parameters.as_of_date') ~ " as varchar) || ' days old'",
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
    select * from old_snapshots
)

select * from final
