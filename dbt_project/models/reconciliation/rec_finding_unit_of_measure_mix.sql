-- A document in another unit than the base unit: certain from documents alone, or proven by a difference of exactly its effect.
-- One finding per document and item.
with document_errors as (
    select * from {{ ref('rec_document_errors') }}
),

differences as (
    select * from {{ ref('rec_differences') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

proven as (
    select movement_key
    from differences
    where variance_cause = 'unit_of_measure_mix' and movement_key is not null
),

chosen as (
    select
        document_errors.*,
        row_number() over (
            partition by document_errors.doc_no, document_errors.item_id, document_errors.warehouse_id
            order by document_errors.is_certain desc, document_errors.movement_sequence asc, document_errors.effect_units asc
        ) as preference
    from document_errors
    where
        document_errors.rule_id = 'unit_of_measure_mix'
        and (document_errors.is_certain or document_errors.movement_key in (select proven.movement_key from proven))
),

final as (
    select
        'unit_of_measure_mix' as rule_id,
        chosen.doc_no || '|' || chosen.item_id || '|' || chosen.warehouse_id as subject,
        cast(null as varchar) as severity_override,
        cast(chosen.item_id as varchar) as item_id,
        cast(chosen.warehouse_id as varchar) as warehouse_id,
        cast(chosen.doc_no as varchar) as doc_no,
        cast(chosen.business_date as date) as business_date,
        chosen.effect_units as variance_units,
        {{ as_value('chosen.effect_units * item_warehouses.unit_cost_latest') }} as variance_value,
        cast('unit_of_measure_mix' as varchar) as cause,
        chosen.doc_no || ': ' || chosen.evidence as explanation,
        cast(chosen.source_file as varchar) as source_file,
        cast(chosen.source_row as bigint) as source_row
    from chosen
    left join item_warehouses
        on chosen.item_id = item_warehouses.item_id and chosen.warehouse_id = item_warehouses.warehouse_id
    where chosen.preference = 1
)

select * from final
