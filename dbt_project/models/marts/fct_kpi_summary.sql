-- Every KPI of the catalogue on the run's date, for the company and each roll-up: sums of numerators over sums of denominators, against
-- the targets. What is added up is written in assets/publish/kpis/catalogue.yml and nowhere else.
{% set scopes = {
    'company': "''", 'warehouse': 'warehouse_id', 'category': 'category_name', 'supplier': 'supplier_id', 'owner': 'owner_name',
    'team': 'team_name', 'abc_class': 'scope_abc_class', 'abc_xyz_cell': 'scope_abc_xyz_cell',
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

{% for scope, scope_value in scopes.items() -%}
    {{ scope }}_health as (
        select
            '{{ scope }}' as scope,
            coalesce({{ scope_value }}, '') as scope_value,
            count(*) as all_rows,
            {{ kpi_sums_item_warehouses() }}
        from health_rows
        where {{ kpi_where_item_warehouses() }}
        {% if scope != 'company' -%} group by coalesce({{ scope_value }}, '') {%- endif %}
    ),

    {{ scope }}_orders as (
        select
            '{{ scope }}' as scope,
            coalesce({{ scope_value }}, '') as scope_value,
            count(*) as all_rows,
            {{ kpi_sums_order_lines() }}
        from order_rows
        where {{ kpi_where_order_lines() }}
        {% if scope != 'company' -%} group by coalesce({{ scope_value }}, '') {%- endif %}
    ),

    {{ scope }}_purchases as (
        select
            '{{ scope }}' as scope,
            coalesce({{ scope_value }}, '') as scope_value,
            count(*) as all_rows,
            {{ kpi_sums_purchase_lines() }}
        from purchase_rows
        where {{ kpi_where_purchase_lines() }}
        {% if scope != 'company' -%} group by coalesce({{ scope_value }}, '') {%- endif %}
    ),

    {{ scope }}_counts as (
        select
            '{{ scope }}' as scope,
            coalesce({{ scope_value }}, '') as scope_value,
            count(*) as all_rows,
            {{ kpi_sums_count_lines() }}
        from count_rows
        where {{ kpi_where_count_lines() }}
        {% if scope != 'company' -%} group by coalesce({{ scope_value }}, '') {%- endif %}
    ),

{% endfor -%}
measured as (
    {% for scope in scopes -%}
        {{ kpi_rows_item_warehouses(scope ~ '_health') }}
        union all
        {{ kpi_rows_order_lines(scope ~ '_orders') }}
        union all
        {{ kpi_rows_purchase_lines(scope ~ '_purchases') }}
        union all
        {{ kpi_rows_count_lines(scope ~ '_counts') }}
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

rated as (
    select
        kpi,
        scope,
        scope_value,
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
        direction
    from measured
),

-- An amount of the company that has no target of its own is held to the sum of its warehouses' targets, where each has one.
rolled_targets as (
    select
        rated.kpi,
        sum(kpi_targets.target_rate) as target_rate
    from rated
    left join kpi_targets
        on
            rated.kpi = kpi_targets.kpi
            and rated.scope = kpi_targets.scope
            and rated.scope_value = kpi_targets.scope_value
    where rated.scope = 'warehouse' and rated.is_amount
    group by rated.kpi
    having count(*) = count(kpi_targets.target_rate)
),

-- A group without a target of its own is held to the company's, except for amounts: the capital of one warehouse is no company's.
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
    left join kpi_targets as company_targets
        on
            rated.kpi = company_targets.kpi
            and company_targets.scope = 'company'
            and (rated.scope = 'company' or not rated.is_amount)
    left join rolled_targets on rated.kpi = rolled_targets.kpi and rated.scope = 'company'
),

final as (
    select
        targeted.kpi,
        targeted.scope,
        targeted.scope_value,
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
