-- The value ledger of the source's own costing beside ours: per item, month (a period of the company's calendar) and flow, with the
-- difference taken apart.
-- The company is the grain, as some sources keep cost by item alone. A month before the source's first entry is not compared.
with entries as (
    select * from {{ ref('stg_inventory_value_entries') }}
),

movements as (
    select * from {{ ref('fct_stock_movements') }}
),

items as (
    select * from {{ ref('int_items') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

fiscal_days as (
    select * from {{ ref('int_fiscal_days') }}
),

first_entries as (
    select
        company_code,
        min(business_date) as first_date
    from entries
    group by company_code
),

starts as (
    select
        first_entries.company_code,
        {{ fiscal_start('fiscal_days', 'first_entries.first_date') }} as first_month_date
    from first_entries
    left join fiscal_days on {{ on_fiscal_day('fiscal_days', 'first_entries.company_code', 'first_entries.first_date') }}
),

-- Both sides in one form; `value` is signed by its effect on stock.
source_rows as (
    select
        'source' as side,
        entries.item_id,
        entries.business_date,
        case
            when entries.entry_kind = 'opening' then 'opening'
            when entries.quantity_units = 0 then 'value_only'
            when entries.entry_kind = 'transfer' then 'transfer'
            when entries.quantity_units > 0 then 'in'
            else 'out'
        end as flow,
        entries.quantity_units,
        entries.entry_value as flow_value,
        true as is_known,
        case when entries.is_cogs then -entries.entry_value else 0 end as cogs_value,
        entries.entry_kind,
        coalesce(entries.doc_no, entries.source_doc_id) as doc_no,
        entries.source_file,
        entries.source_row
    from entries
),

ledger_rows as (
    select
        'ledger' as side,
        item_id,
        business_date,
        case
            when movement_type = 'opening' then 'opening'
            when movement_type = 'value_correction' then 'value_only'
            when movement_type in ('transfer_out', 'transfer_in', 'consignment_transfer_out', 'consignment_transfer_in') then 'transfer'
            when quantity_units > 0 then 'in'
            else 'out'
        end as flow,
        quantity_units,
        cost_value as flow_value,
        cost_status = 'ok' as is_known,
        cogs_value,
        'movement' as entry_kind,
        doc_no,
        source_file,
        source_row
    from movements
    where is_valued
    union all
    -- What a receipt settles of stock that left before it: value without units.
    select
        'ledger' as side,
        item_id,
        business_date,
        'value_only' as flow,
        0 as quantity_units,
        settlement_value as flow_value,
        true as is_known,
        cogs_settlement_value as cogs_value,
        'settlement' as entry_kind,
        doc_no,
        source_file,
        source_row
    from movements
    where is_valued and (settlement_value <> 0 or cogs_settlement_value <> 0)
),

both_sides as (
    select * from source_rows
    union all
    select * from ledger_rows
),

compared_rows as (
    select
        both_sides.*,
        {{ fiscal_start('fiscal_days', 'both_sides.business_date') }} as month_start_date,
        {{ fiscal_end('fiscal_days', 'both_sides.business_date') }} as month_end_date
    from both_sides
    cross join run_parameters
    inner join items on both_sides.item_id = items.item_id
    inner join starts on items.company_code = starts.company_code
    left join fiscal_days on {{ on_fiscal_day('fiscal_days', 'both_sides.item_id', 'both_sides.business_date') }}
    where both_sides.business_date between starts.first_month_date and run_parameters.as_of_date
),

summed as (
    select
        item_id,
        month_start_date,
        month_end_date,
        flow,
        count(*) filter (side = 'source') as source_entries,
        count(*) filter (side = 'ledger') as ledger_movements,
        coalesce(sum(quantity_units) filter (side = 'source'), 0) as source_units,
        coalesce(sum(quantity_units) filter (side = 'ledger'), 0) as ledger_units,
        coalesce(sum(flow_value) filter (side = 'source'), 0) as source_value,
        case when bool_and(is_known) then coalesce(sum(flow_value) filter (side = 'ledger'), 0) end as ledger_value,
        coalesce(sum(cogs_value) filter (side = 'source'), 0) as source_cogs_value,
        case when bool_and(is_known) then coalesce(sum(cogs_value) filter (side = 'ledger'), 0) end as ledger_cogs_value,
        arg_max(entry_kind, (abs(flow_value), entry_kind)) as main_entry_kind
    from compared_rows
    group by item_id, month_start_date, month_end_date, flow
),

gaps as (
    select
        *,
        source_units - ledger_units as gap_units,
        source_value - ledger_value as difference_value,
        sum(source_units - ledger_units) over running as running_gap_units
    from summed
    window running as (partition by item_id, flow order by month_start_date)
),

-- A gap in units is valued at the ledger's own rate of the flow, or at the source's where the ledger has nothing.
parted as (
    select
        *,
        min(abs(running_gap_units)) over (
            partition by item_id, flow order by month_start_date rows between current row and unbounded following
        ) as least_later_gap_units,
        case
            when flow = 'value_only' then 0
            when ledger_units <> 0 then round(gap_units * cast(ledger_value / ledger_units as decimal(28, 8)), 4)
            when source_units <> 0 then difference_value
            else 0
        end as quantity_effect_value
    from gaps
),

candidates as (
    select
        compared_rows.item_id,
        compared_rows.month_start_date,
        compared_rows.flow,
        compared_rows.business_date,
        compared_rows.doc_no,
        compared_rows.source_file,
        compared_rows.source_row,
        case
            when gaps.gap_units = 0 then 1
            when compared_rows.side = 'source' and compared_rows.quantity_units = gaps.gap_units then 0
            when compared_rows.side = 'ledger' and compared_rows.quantity_units = -gaps.gap_units then 0
            else 1
        end as fit_rank,
        -coalesce(abs(compared_rows.flow_value), 0) as cheapness
    from compared_rows
    inner join gaps
        on
            compared_rows.item_id = gaps.item_id
            and compared_rows.month_start_date = gaps.month_start_date
            and compared_rows.flow = gaps.flow
),

-- The document that most likely makes the difference: one whose quantity is the gap, else the dearest.
documents as (
    select
        *,
        row_number() over (
            partition by item_id, month_start_date, flow
            order by fit_rank, cheapness, business_date, doc_no, source_file, source_row
        ) as document_rank
    from candidates
),

final as (
    select
        parted.item_id,
        parted.month_start_date,
        parted.month_end_date,
        parted.flow,
        parted.source_entries,
        parted.ledger_movements,
        {{ as_units('parted.source_units') }} as source_units,
        {{ as_units('parted.ledger_units') }} as ledger_units,
        {{ as_units('parted.gap_units') }} as gap_units,
        {{ as_value('parted.source_value') }} as source_value,
        {{ as_value('parted.ledger_value') }} as ledger_value,
        {{ as_value('parted.difference_value') }} as difference_value,
        {{ as_value('parted.quantity_effect_value') }} as quantity_effect_value,
        {{ as_value("case when parted.flow = 'value_only' then 0 else parted.difference_value - parted.quantity_effect_value end") }}
            as cost_effect_value,
        {{ as_value("case when parted.flow = 'value_only' then parted.difference_value else 0 end") }} as value_only_effect_value,
        {{ as_value('parted.source_cogs_value') }} as source_cogs_value,
        {{ as_value('parted.ledger_cogs_value') }} as ledger_cogs_value,
        -- A source rounds every entry to the cent: half a cent an entry is no difference.
        case
            when parted.ledger_value is null then {{ no_cost_status() }}
            when parted.gap_units = 0 and abs(parted.difference_value) <= 0.005 * greatest(parted.source_entries, 1) then 'agrees'
            when parted.flow = 'value_only' then 'value_only: ' || parted.main_entry_kind
            when parted.gap_units <> 0 and parted.least_later_gap_units = 0 then 'other_period'
            when parted.gap_units <> 0 and abs(parted.source_units) > abs(parted.ledger_units) then 'documents_missing_in_ledger'
            when parted.gap_units <> 0 then 'documents_missing_in_source'
            when parted.flow in ('in', 'opening') then 'inward_cost'
            else 'costing_method'
        end as difference_reason,
        documents.doc_no,
        documents.source_file,
        documents.source_row
    from parted
    left join documents
        on
            parted.item_id = documents.item_id
            and parted.month_start_date = documents.month_start_date
            and parted.flow = documents.flow
            and documents.document_rank = 1
)

select * from final
