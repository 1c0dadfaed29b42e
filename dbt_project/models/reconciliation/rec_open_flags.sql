-- What cannot be trusted now, per item and warehouse: the metrics made wrong by an open finding. A finding without an item counts for all
-- items, and only where it is critical: one row in quarantine does not spoil the whole company.
with findings as (
    select * from {{ ref('fct_findings') }}
),

rules as (
    select * from {{ ref('rules') }}
),

differences as (
    select * from {{ ref('rec_differences') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

-- Differences that a whole file or day explains: they name the items it touched.
caused as (
    select distinct
        differences.item_id,
        differences.warehouse_id,
        rules.rule_id,
        rules.spoils
    from differences
    inner join rules on differences.variance_cause = rules.rule_id
    where rules.home = 'deliveries' and rules.spoils <> ''
),

spoiling as (
    select distinct
        coalesce(findings.item_id, '') as item_id,
        coalesce(findings.warehouse_id, '') as warehouse_id,
        rules.spoils
    from findings
    inner join rules on findings.rule_id = rules.rule_id
    where
        rules.spoils <> ''
        and (findings.severity = 'critical' or (findings.severity = 'warning' and findings.item_id is not null))
        -- A missing day spoils the items that moved on it, not all.
        and (findings.item_id is not null or findings.rule_id not in (select caused.rule_id from caused))
    union distinct
    select
        item_id,
        warehouse_id,
        spoils
    from caused
),

-- One join for each way in which a finding can be open, instead of one on alternatives.
touched as (
    select
        item_warehouses.item_id,
        item_warehouses.warehouse_id,
        spoiling.spoils
    from item_warehouses
    inner join spoiling
        on item_warehouses.item_id = spoiling.item_id and item_warehouses.warehouse_id = spoiling.warehouse_id
    union all
    select
        item_warehouses.item_id,
        item_warehouses.warehouse_id,
        spoiling.spoils
    from item_warehouses
    inner join spoiling on item_warehouses.item_id = spoiling.item_id and spoiling.warehouse_id = ''
    union all
    select
        item_warehouses.item_id,
        item_warehouses.warehouse_id,
        spoiling.spoils
    from item_warehouses
    inner join spoiling on item_warehouses.warehouse_id = spoiling.warehouse_id and spoiling.item_id = ''
    union all
    select
        item_warehouses.item_id,
        item_warehouses.warehouse_id,
        spoiling.spoils
    from item_warehouses
    inner join spoiling on spoiling.item_id = '' and spoiling.warehouse_id = ''
),

joined as (
    select
        item_id,
        warehouse_id,
        ' ' || string_agg(distinct spoils, ' ' order by spoils) || ' ' as spoils
    from touched
    group by item_id, warehouse_id
),

final as (
    select
        item_id,
        warehouse_id,
        concat_ws(
            ';',
            {% for metric in [
                'on_hand', 'inventory_value', 'turnover', 'ageing', 'demand', 'forecast', 'replenishment', 'record_accuracy'
            ] -%}
                case when spoils like '% {{ metric }} %' then '{{ metric }}' end{{ ',' if not loop.last }}
            {% endfor %}
        ) as open_flags
    from joined
)

select * from final
