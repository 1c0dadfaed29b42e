-- Every KPI of the catalogue on the run's date, for each company and each of its roll-ups: sums of numerators over sums of denominators,
-- against the targets. What is added up is written in assets/publish/kpis/catalogue.yml and nowhere else. Companies are added in scope
-- `group` alone, which is there where a run holds several: money at the rate of the date into the main company's currency, or not at all.
{% set scopes = {
    'company': none, 'warehouse': 'warehouse_id', 'category': 'category_name', 'supplier': 'supplier_id', 'owner': 'owner_name',
    'team': 'team_name', 'abc_class': 'scope_abc_class', 'abc_xyz_cell': 'scope_abc_xyz_cell',
} %}
{% set bases = {
    'health': {'sums': kpi_sums_item_warehouses(), 'where': kpi_where_item_warehouses()},
    'order': {'sums': kpi_sums_order_lines(), 'where': kpi_where_order_lines()},
    'purchase': {'sums': kpi_sums_purchase_lines(), 'where': kpi_where_purchase_lines()},
    'count': {'sums': kpi_sums_count_lines(), 'where': kpi_where_count_lines()},
} %}
with health as (
    select * from {{ ref('fct_inventory_health') }}
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

purchase_lines as (
    select * from {{ ref('fct_purchase_lines') }}
),

count_lines as (
    select * from {{ ref('rec_count_lines') }}
),

item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

item_classes as (
    select * from {{ ref('dim_item_classes') }}
),

companies as (
    select * from {{ ref('dim_companies') }}
),

kpi_targets as (
    select * from {{ source('control', 'kpi_targets') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

members as (
    select
        item_warehouses.item_id,
        item_warehouses.warehouse_id,
        item_warehouses.category_name,
        item_warehouses.default_supplier_id,
        item_warehouses.owner_name,
        item_warehouses.team_name,
        item_classes.abc_class,
        item_classes.abc_xyz_cell
    from item_warehouses
    left join item_classes
        on item_warehouses.item_id = item_classes.item_id and item_warehouses.warehouse_id = item_classes.warehouse_id
),

health_rows as (
    select
        health.*,
        members.default_supplier_id as supplier_id,
        members.abc_class as scope_abc_class,
        members.abc_xyz_cell as scope_abc_xyz_cell
    from health
    left join members on health.item_id = members.item_id and health.warehouse_id = members.warehouse_id
),

{% for name, table, supplier in [
    ('order', 'order_lines', 'members.default_supplier_id'),
    ('purchase', 'purchase_lines', none),
    ('count', 'count_lines', 'members.default_supplier_id'),
] -%}
    {{ name }}_rows as (
        select
            {{ table }}.*,
            members.category_name,
            {{ supplier ~ ' as supplier_id,' if supplier else '' }}
            members.owner_name,
            members.team_name,
            members.abc_class as scope_abc_class,
            members.abc_xyz_cell as scope_abc_xyz_cell
        from {{ table }}
        left join members on {{ table }}.item_id = members.item_id and {{ table }}.warehouse_id = members.warehouse_id
    ),

{% endfor -%}

-- Each row once in every scope that it belongs to: summed in one pass, whatever the number of scopes.
scopes as (
    {% for scope in scopes -%}
        select '{{ scope }}' as scope
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

{% for name, base in bases.items() -%}
    scoped_{{ name }}_rows as (
        select
            {{ name }}_rows.*,
            scopes.scope,
            coalesce(case scopes.scope
                {% for scope, scope_value in scopes.items() if scope != 'company' -%}
                    when '{{ scope }}' then {{ name }}_rows.{{ scope_value }}
                {% endfor -%}
            end, '') as scope_value
        from {{ name }}_rows
        cross join scopes
    ),

    {{ name }}_sums as (
        select
            {{ company_of('item_id') }} as company_code,
            scope,
            scope_value,
            count(*) as all_rows,
            {{ base.sums }}
        from scoped_{{ name }}_rows
        where {{ base.where }}
        group by {{ company_of('item_id') }}, scope, scope_value
    ),

    -- A company without a single order or count has the KPI all the same, not available.
    {{ name }}_places as (
        select
            company_code,
            scope,
            scope_value
        from {{ name }}_sums
        where scope <> 'company'
        union all
        select
            company_code,
            'company' as scope,
            '' as scope_value
        from companies
    ),

    every_{{ name }} as (
        select
            {{ name }}_places.company_code,
            {{ name }}_places.scope,
            {{ name }}_places.scope_value,
            coalesce({{ name }}_sums.all_rows, 0) as all_rows,
            {{ name }}_sums.* exclude (company_code, scope, scope_value, all_rows) -- noqa: RF02
        from {{ name }}_places
        left join {{ name }}_sums
            on
                {{ name }}_places.company_code = {{ name }}_sums.company_code
                and {{ name }}_places.scope = {{ name }}_sums.scope
                and {{ name }}_places.scope_value = {{ name }}_sums.scope_value
    ),

{% endfor -%}
measured as (
    {{ kpi_rows_item_warehouses('every_health') }}
    union all
    {{ kpi_rows_order_lines('every_order') }}
    union all
    {{ kpi_rows_purchase_lines('every_purchase') }}
    union all
    {{ kpi_rows_count_lines('every_count') }}
),

-- What each company puts into the group: money in the group's currency, everything else as it is.
converted as (
    select
        measured.*,
        companies.group_currency_code,
        measured.numerator
        * case when measured.is_money then companies.group_exchange_rate else cast(1 as decimal(28, 10)) end as group_numerator,
        measured.denominator
        * case when measured.is_money then companies.group_exchange_rate else cast(1 as decimal(28, 10)) end as group_denominator,
        case
            when measured.is_money and companies.group_rate_status <> 'ok' and measured.numerator is not null
                then companies.group_rate_status
        end as refused_status
    from measured
    inner join companies on measured.company_code = companies.company_code
    where measured.scope = 'company'
),

-- One company without a rate, and there is no figure of the group: a sum without it would be taken for the whole.
grouped as (
    select
        kpi,
        '' as company_code,
        'group' as scope,
        '' as scope_value,
        cast(case when count(refused_status) = 0 then sum(group_numerator) end as decimal(38, 6)) as numerator,
        cast(case when count(refused_status) = 0 then sum(group_denominator) end as decimal(38, 6)) as denominator,
        sum(known_rows) as known_rows,
        sum(all_rows) as all_rows,
        is_amount,
        is_money,
        coalesce(min(refused_status), min(missing_status)) as missing_status,
        min(empty_status) as empty_status,
        min(direction) as direction,
        min(group_currency_code) as currency_code
    from converted
    group by kpi, is_amount, is_money
    having count(*) > 1
),

all_measured as (
    select
        measured.kpi,
        measured.company_code,
        measured.scope,
        measured.scope_value,
        measured.numerator,
        measured.denominator,
        measured.known_rows,
        measured.all_rows,
        measured.is_amount,
        measured.is_money,
        measured.missing_status,
        measured.empty_status,
        measured.direction,
        companies.currency_code,
        coalesce(companies.is_main, false) as is_main
    from measured
    left join companies on measured.company_code = companies.company_code
    union all
    select
        kpi,
        company_code,
        scope,
        scope_value,
        numerator,
        denominator,
        known_rows,
        all_rows,
        is_amount,
        is_money,
        missing_status,
        empty_status,
        direction,
        currency_code,
        false as is_main
    from grouped
),

rated as (
    select
        kpi,
        company_code,
        scope,
        scope_value,
        case when is_money then currency_code end as currency_code,
        cast(numerator as decimal(28, 6)) as numerator_value,
        cast(denominator as decimal(28, 6)) as denominator_value,
        case when is_amount then round(cast(numerator as double), 4) else {{ ratio('numerator', 'denominator') }} end as kpi_value,
        case
            when numerator is null then missing_status
            when is_amount then 'ok'
            when denominator is null then missing_status
            when denominator = 0 then empty_status
            else 'ok'
        end as kpi_status,
        coalesce({{ ratio('known_rows', 'all_rows') }}, 0) as coverage_rate,
        is_amount,
        -- An amount of which no company is named is one of the main company: it is in its currency.
        not is_amount or is_main or scope in ('warehouse', 'supplier') as is_target_meant,
        direction
    from all_measured
),

-- Targets of a company as a whole: its own by its code, else what is given for all of them.
company_targets as (
    select
        rated.kpi,
        rated.company_code,
        coalesce(named.target_rate, everyone.target_rate) as target_rate,
        case when named.kpi is not null then named.floor_rate else everyone.floor_rate end as floor_rate,
        case when named.kpi is not null then named.ceiling_rate else everyone.ceiling_rate end as ceiling_rate,
        coalesce(named.owner_name, everyone.owner_name) as owner_name
    from rated
    left join kpi_targets as named
        on
            rated.kpi = named.kpi
            and named.scope = 'company'
            and named.scope_value <> ''
            and rated.company_code = named.scope_value
    left join kpi_targets as everyone
        on
            rated.kpi = everyone.kpi
            and everyone.scope = 'company'
            and everyone.scope_value = ''
            and rated.is_target_meant
    where rated.scope in ('company', 'group') and (named.kpi is not null or everyone.kpi is not null)
),

-- An amount of the company that has no target of its own is held to the sum of its warehouses' targets, where each has one.
rolled_targets as (
    select
        rated.kpi,
        rated.company_code,
        sum(kpi_targets.target_rate) as target_rate
    from rated
    left join kpi_targets
        on
            rated.kpi = kpi_targets.kpi
            and rated.scope = kpi_targets.scope
            and rated.scope_value = kpi_targets.scope_value
    where rated.scope = 'warehouse' and rated.is_amount
    group by rated.kpi, rated.company_code
    having count(*) = count(kpi_targets.target_rate)
),

-- A roll-up without a target of its own is held to its company's, except for amounts: the capital of one warehouse is no company's.
targeted as (
    select
        rated.*,
        coalesce(own_targets.target_rate, company_targets.target_rate, rolled_targets.target_rate) as target_rate,
        case when own_targets.kpi is not null then own_targets.floor_rate else company_targets.floor_rate end as floor_rate,
        case when own_targets.kpi is not null then own_targets.ceiling_rate else company_targets.ceiling_rate end as ceiling_rate,
        coalesce(own_targets.owner_name, company_targets.owner_name) as owner_name
    from rated
    left join kpi_targets as own_targets
        on
            rated.kpi = own_targets.kpi
            and rated.scope = own_targets.scope
            and rated.scope_value = own_targets.scope_value
            and rated.scope <> 'company'
            and rated.is_target_meant
    left join company_targets
        on
            rated.kpi = company_targets.kpi
            and rated.company_code = company_targets.company_code
            and (rated.scope in ('company', 'group') or not rated.is_amount)
    left join rolled_targets
        on
            rated.kpi = rolled_targets.kpi
            and rated.company_code = rolled_targets.company_code
            and rated.scope = 'company'
),

final as (
    select
        targeted.kpi,
        targeted.company_code,
        targeted.scope,
        targeted.scope_value,
        targeted.currency_code,
        run_parameters.as_of_date,
        targeted.numerator_value,
        targeted.denominator_value,
        targeted.kpi_value,
        targeted.kpi_status,
        targeted.coverage_rate,
        targeted.target_rate,
        targeted.floor_rate,
        targeted.ceiling_rate,
        {{ attainment_rate('targeted.kpi_value', 'targeted.target_rate', 'targeted.direction') }} as attainment_rate,
        {{ attainment_state(
            'targeted.kpi_value', 'targeted.target_rate', 'targeted.floor_rate', 'targeted.ceiling_rate', 'targeted.direction'
        ) }} as attainment_state,
        {{ is_within_bounds('targeted.kpi_value', 'targeted.floor_rate', 'targeted.ceiling_rate') }} as is_within_bounds,
        targeted.owner_name
    from targeted
    cross join run_parameters
)

select * from final
