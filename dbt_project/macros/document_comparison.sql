{# Documents of another system against the ledger, per document, item and warehouse; said once for receipts and shipments.
   `lines` and `columns` name the staging model and its number, day and units; `ledger_sign` makes the ledger positive as the document is.
   `swapped` names the column that the units are exchanged with where a file has two columns exchanged.
   variance = document - ledger. A file that is wrong as a whole is put right in a copy: where that agrees with the ledger, the
   difference is the file's (is_file_error) and no other cause is looked for. #}
{% macro document_comparison(lines, contract, doc_no, document_date, units, movement_types, ledger_sign, swapped=none) -%}
with document_lines as (
    select * from {{ ref(lines) }}
),

-- At most one correction of the units for a file: causes of one file share no row.
corrections as (
    select
        source_instance,
        source_file,
        min(cause) as cause,
        min(factor) as factor
    from {{ ref('rec_file_errors') }}
    where contract = '{{ contract }}' and measure like '%{{ units }}%'
    group by source_instance, source_file
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

documented as (
    select
        document_lines.{{ doc_no }} as doc_no,
        document_lines.item_id,
        document_lines.warehouse_id,
        min(document_lines.{{ document_date }}) as document_date,
        sum(document_lines.{{ units }}) as document_units,
        sum(
            case corrections.cause
                when 'wrong_scale' then document_lines.{{ units }} / corrections.factor
                when 'wrong_sign' then abs(document_lines.{{ units }})
{%- if swapped %}
                when 'columns_swapped' then document_lines.{{ swapped }}
{%- endif %}
                else document_lines.{{ units }}
            end
        ) as corrected_units,
        max(case when corrections.cause is not null then 1 else 0 end) = 1 as is_corrected,
        min(case when {{ is_effective('document_lines.doc_status') }} then 1 else 0 end) = 1 as is_posted,
        min(document_lines.source_file) as source_file,
        min(document_lines.source_row) as source_row
    from document_lines
    cross join run_parameters
    left join corrections
        on
            document_lines.source_instance = corrections.source_instance
            and document_lines.source_file = corrections.source_file
    where document_lines.doc_status <> 'cancelled' and document_lines.{{ document_date }} <= run_parameters.as_of_date
    group by document_lines.{{ doc_no }}, document_lines.item_id, document_lines.warehouse_id
),

-- The ledger is compared only where the company has such documents, and only from the day they begin.
first_documents as (
    select
        company_code,
        min({{ document_date }}) as first_date
    from document_lines
    group by company_code
),

moved as (
    select
        movements.doc_no,
        movements.item_id,
        movements.warehouse_id,
        min(movements.business_date) as business_date,
        sum({{ ledger_sign }} * movements.quantity_units) as ledger_units
    from movements
    inner join first_documents on split_part(movements.item_id, '/', 1) = first_documents.company_code
    where
        movements.movement_type in ('{{ movement_types | join("', '") }}')
        and movements.business_date >= first_documents.first_date
    group by movements.doc_no, movements.item_id, movements.warehouse_id
),

joined as (
    select
        coalesce(documented.doc_no, moved.doc_no) as doc_no,
        coalesce(documented.item_id, moved.item_id) as item_id,
        coalesce(documented.warehouse_id, moved.warehouse_id) as warehouse_id,
        documented.document_date,
        moved.business_date as ledger_date,
        coalesce(documented.document_units, 0) as document_units,
        documented.corrected_units,
        coalesce(documented.is_corrected, false) as is_corrected,
        coalesce(moved.ledger_units, 0) as ledger_units,
        coalesce(documented.is_posted, false) as is_posted,
        documented.doc_no is not null as has_document,
        moved.doc_no is not null as has_movement,
        documented.source_file,
        documented.source_row
    from documented
    full outer join moved
        on
            documented.doc_no = moved.doc_no
            and documented.item_id = moved.item_id
            and documented.warehouse_id = moved.warehouse_id
),

final as (
    select
        joined.doc_no,
        joined.item_id,
        joined.warehouse_id,
        joined.document_date,
        joined.ledger_date,
        {{ as_units('joined.document_units') }} as document_units,
        {{ as_units('joined.ledger_units') }} as ledger_units,
        {{ as_units('joined.document_units - joined.ledger_units') }} as variance_units,
        {{ as_value('(joined.document_units - joined.ledger_units) * item_warehouses.unit_cost_latest') }} as variance_value,
        case when item_warehouses.unit_cost_latest is null then {{ no_cost_status() }} else 'ok' end as value_status,
        joined.is_posted,
        joined.has_document,
        joined.has_movement,
        -- A factor has three digits, so its correction is exact to half a per cent.
        joined.is_corrected
        and joined.has_movement
        and joined.document_units <> joined.ledger_units
        and abs(joined.corrected_units - joined.ledger_units) <= 0.005 * abs(joined.ledger_units) as is_file_error,
        joined.source_file,
        joined.source_row
    from joined
    left join item_warehouses
        on joined.item_id = item_warehouses.item_id and joined.warehouse_id = item_warehouses.warehouse_id
)

select * from final
{%- endmacro %}


{#- The first document of one kind that explains a difference by itself: goods handled, nothing booked, the same units.
    `sign` turns the document's variance into the difference that it leaves. -#}
{% macro document_matches(documents, sign='') -%}
    select
        keyed.difference_id,
        min({{ documents }}.doc_no) as doc_no,
        min({{ documents }}.document_date) as document_date
    from keyed
    inner join {{ documents }}
        on
            keyed.item_id = {{ documents }}.item_id
            and keyed.warehouse_id = {{ documents }}.warehouse_id
            and keyed.gap_units = {{ sign }}{{ documents }}.variance_units
            and {{ documents }}.has_document
            and not {{ documents }}.has_movement
            and keyed.first_date >= {{ documents }}.document_date
    group by keyed.difference_id
{%- endmacro %}
