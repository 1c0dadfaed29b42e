-- Everything that operations should look at, whatever rule found it; one stable id per rule and subject.
with found as (
    select * from {{ ref('rec_findings_deliveries') }}
    union all
    select * from {{ ref('rec_findings_documents') }}
    union all
    select * from {{ ref('rec_findings_stock') }}
    union all
    select * from {{ ref('rec_findings_figures') }}
),

rules as (
    select * from {{ ref('rules') }}
),

messages as (
    select * from {{ ref('finding_messages') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

companies as (
    select * from {{ ref('dim_companies') }}
),

final as (
    select
        {{ stable_id(['found.rule_id', 'found.subject']) }} as finding_id,
        found.rule_id,
        coalesce(found.severity_override, rules.severity) as severity,
        found.item_id,
        found.warehouse_id,
        found.doc_no,
        found.business_date,
        found.variance_units,
        found.variance_value,
        companies.currency_code,
        found.cause,
        {{ filled_message('messages.text_en', 'found.message') }} as explanation,
        {{ filled_message('messages.text_zh', 'found.message') }} as explanation_zh,
        found.source_file,
        found.source_row,
        coalesce(item_warehouses.owner_name, items.owner_name, warehouses.manager_name) as owner_name,
        rules.title,
        rules.title_zh,
        rules.fix,
        rules.fix_zh
    from found
    inner join rules on found.rule_id = rules.rule_id
    left join messages on {{ message_id('found.message') }} = messages.message_id
    left join item_warehouses
        on found.item_id = item_warehouses.item_id and found.warehouse_id = item_warehouses.warehouse_id
    left join items on found.item_id = items.item_id
    left join warehouses on found.warehouse_id = warehouses.warehouse_id
    left join companies on {{ company_of('coalesce(found.item_id, found.warehouse_id)') }} = companies.company_code
)

select * from final
