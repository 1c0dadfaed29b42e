-- The unit cost that holds on the run's date: of the warehouse where the source keeps one, else of the company.
with item_costs as (
    select * from {{ ref('stg_item_costs') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

ranked as (
    select
        item_costs.item_id,
        case
            when item_costs.cost_scope = 'warehouse' then {{ company_key('item_costs.company_code', 'item_costs.scope_code') }}
            else ''
        end as warehouse_id,
        item_costs.unit_cost,
        item_costs.effective_date,
        row_number() over (
            partition by item_costs.item_id, item_costs.cost_scope, item_costs.scope_code
            order by item_costs.effective_date desc, item_costs.source_instance asc
        ) as recency
    from item_costs
    cross join run_parameters
    where
        item_costs.cost_scope in ('warehouse', 'company')
        and item_costs.lot_no = ''
        and item_costs.effective_date <= run_parameters.as_of_date
),

final as (
    select
        item_id,
        warehouse_id,
        unit_cost,
        effective_date
    from ranked
    where recency = 1
)

select * from final
