-- Everybody who answers for something that a fact names: items at a warehouse, KPIs, findings.
with item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

kpi_summary as (
    select * from {{ ref('fct_kpi_summary') }}
),

findings as (
    select * from {{ ref('fct_findings') }}
),

named as (
    select
        owner_name,
        team_name
    from item_warehouses
    union all
    select
        owner_name,
        null as team_name
    from kpi_summary
    union all
    select
        owner_name,
        null as team_name
    from findings
),

final as (
    select
        owner_name,
        max(team_name) as team_name
    from named
    where owner_name is not null and owner_name <> ''
    group by owner_name
)

select * from final
