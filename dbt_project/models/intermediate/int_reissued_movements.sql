-- Lines that came a second time under other internal numbers, with a file that was issued again: they are not counted.
-- The document number, its date and all that it says are the same; only the keys by which the landing recognises a line are new.
{# What makes two lines the same, whatever their internal numbers. -#}
{% set same_line = [
    'movements.source_instance', 'movements.source_doc_type', 'movements.doc_no', 'movements.movement_type', 'movements.business_date',
    'movements.item_id', 'movements.warehouse_id', "coalesce(movements.lot_no, '')", "coalesce(movements.stock_status, '')",
    "coalesce(movements.owner_code, '')", 'movements.leg', 'movements.quantity_units', "coalesce(movements.ref_doc_no, '')",
    "coalesce(movements.ref_line_id, '')",
] -%}
with movements as (
    select * from {{ ref('stg_stock_movements') }}
    where {{ is_effective('doc_status') }}
),

-- Almost every document is in one file: this leaves out the rest before anything is sorted.
delivered_twice as (
    select
        source_instance,
        source_doc_type,
        doc_no
    from movements
    where doc_no <> ''
    group by source_instance, source_doc_type, doc_no
    having count(distinct source_file) > 1
),

-- Equal lines within one file are numbered: a document may hold the same line twice.
numbered as (
    select
        movements.*,
        row_number() over (
            partition by
                {{ same_line | join(',\n                ') }},
                movements.source_file
            order by movements.source_doc_id asc, movements.source_line_id asc
        ) as copy_no
    from movements
    inner join delivered_twice
        on
            movements.source_instance = delivered_twice.source_instance
            and movements.source_doc_type = delivered_twice.source_doc_type
            and movements.doc_no = delivered_twice.doc_no
),

traced as (
    select
        movements.movement_key,
        movements.source_instance,
        movements.source_file,
        movements.extract_date,
        first_value(movements.source_file) over same_line as first_file,
        first_value(movements.movement_key) over same_line as first_movement_key
    from numbered as movements
    window same_line as (
        partition by
            {{ same_line | join(',\n            ') }},
            movements.copy_no
        order by movements.extract_date asc, movements.source_file asc, movements.movement_key asc
    )
),

lines_of_files as (
    select
        source_instance,
        source_file,
        count(*) as file_rows
    from movements
    group by source_instance, source_file
),

-- A file that was issued again repeats most of the earlier one. Single documents that came again are judged one by one
-- (rec_document_errors): they may have been typed twice.
reissued as (
    select
        traced.source_instance,
        traced.source_file,
        traced.first_file
    from traced
    inner join lines_of_files
        on
            traced.source_instance = lines_of_files.source_instance
            and traced.first_file = lines_of_files.source_file
    where traced.source_file <> traced.first_file
    group by traced.source_instance, traced.source_file, traced.first_file, lines_of_files.file_rows
    having count(*) >= 3 and 2 * count(*) >= lines_of_files.file_rows
),

final as (
    select
        traced.movement_key,
        traced.first_movement_key,
        traced.source_instance,
        traced.source_file,
        traced.first_file,
        traced.extract_date
    from traced
    inner join reissued
        on
            traced.source_instance = reissued.source_instance
            and traced.source_file = reissued.source_file
            and traced.first_file = reissued.first_file
)

select * from final
