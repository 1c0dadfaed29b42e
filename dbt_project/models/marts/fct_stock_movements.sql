-- Every effective movement and correction of value with its cost and the file and row it came from.
with movements as (
    select * from {{ ref('int_ledger_movements') }}
),

-- Currency of the documents that are not in the company's own; the ledger reads amounts in company currency.
foreign_amounts as (
    select
        movement_key,
        currency_code,
        exchange_rate,
        document_unit_cost,
        document_cost_value
    from {{ ref('stg_stock_movements') }}
    where exchange_rate is distinct from 1
),

companies as (
    select * from {{ source('control', 'companies') }}
),

movement_costs as (
    select * from {{ source('ledger', 'movement_costs') }}
),

final as (
    select
        movements.movement_key,
        movements.movement_sequence,
        movements.item_id,
        movements.warehouse_id,
        movements.lot_no,
        movements.stock_status,
        movements.owner_type,
        movements.owner_code,
        movements.business_date,
        movements.movement_type,
        movements.is_demand,
        movements.is_valued,
        movements.quantity_units,
        movements.unit_cost as source_unit_cost,
        movements.document_value as source_cost_value,
        -- A document that gives its cost in one way only has no figure of its own in the other.
        case
            when foreign_amounts.movement_key is null then movements.unit_cost else foreign_amounts.document_unit_cost
        end as document_unit_cost,
        case
            when foreign_amounts.movement_key is null then movements.document_value else foreign_amounts.document_cost_value
        end as document_cost_value,
        cast(coalesce(foreign_amounts.currency_code, companies.currency_code) as varchar) as currency_code,
        cast(
            case when foreign_amounts.movement_key is null then 1 else foreign_amounts.exchange_rate end as decimal(28, 10)
        ) as exchange_rate,
        cast(movement_costs.cost_value as decimal(24, 4)) as cost_value,
        cast(movement_costs.cogs_value as decimal(24, 4)) as cogs_value,
        cast(movement_costs.settlement_value as decimal(24, 4)) as settlement_value,
        cast(movement_costs.cogs_settlement_value as decimal(24, 4)) as cogs_settlement_value,
        case
            when not movements.is_valued then {{ not_valued_status() }}
            when coalesce(movement_costs.is_cost_known, false) then 'ok'
            else {{ no_cost_status() }}
        end as cost_status,
        movements.corrects_key,
        movements.transfer_group_id,
        movements.counterpart_warehouse_id,
        movements.ref_doc_type,
        -- A mark by which an issue and what takes it back find each other is no order.
        case when not movements.ref_doc_no like 'reversed %' then movements.ref_doc_no end as ref_doc_no,
        movements.ref_line_id,
        movements.lot_expiry_date,
        movements.source_instance,
        movements.source_doc_type,
        movements.doc_no,
        movements.entered_at,
        movements.partner_code,
        movements.reason_code,
        movements.batch_id,
        movements.source_file,
        movements.source_row
    from movements
    left join movement_costs on movements.movement_key = movement_costs.movement_key
    left join foreign_amounts on movements.movement_key = foreign_amounts.movement_key
    left join companies on {{ company_of('movements.item_id') }} = companies.company_code
)

select * from final
