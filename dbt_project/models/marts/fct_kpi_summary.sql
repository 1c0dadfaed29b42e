-- Company, warehouse and category KPIs on the run's date: sums of numerators over sums of denominators, against their targets.
{% set scopes = {'company': "''", 'warehouse': 'warehouse_id', 'category': "coalesce(category_name, '')"} %}
{#- Per KPI: numerator, denominator (null for an amount), what must be known, what it says when nothing is. -#}
{% set health_kpis = [
    ('inventory_turnover', 'cogs_value_365 * 365.0 / turnover_period_days', 'average_inventory_value_365',
     "turnover_status in ('ok', 'no_sales')", 'no cost in any source'),
    ('days_inventory_outstanding', 'average_inventory_value_365 * turnover_period_days', 'cogs_value_365',
     "turnover_status in ('ok', 'no_sales')", 'no cost in any source'),
    ('inventory_capital', 'inventory_value', 'null', "value_status = 'ok'", 'no cost in any source'),
    ('dead_stock_rate', 'dead_stock_value', 'inventory_value', "value_status = 'ok'", 'no cost in any source'),
    ('long_dead_stock_rate', 'long_dead_stock_value', 'inventory_value', "value_status = 'ok'", 'no cost in any source'),
    ('slow_moving_rate', 'slow_moving_value', 'inventory_value', "value_status = 'ok'", 'no cost in any source'),
    ('near_expiry_rate', 'near_expiry_value', 'inventory_value', "value_status = 'ok'", 'no cost in any source'),
    ('excess_rate', 'excess_value', 'inventory_value', "value_status = 'ok' and excess_value is not null",
     'no cost or no plan'),
    ('stockout_line_rate', 'stockout_lines_365', 'due_lines_365', "service_status = 'ok'", 'no order lines due'),
    ('fill_rate', 'on_time_units_365', 'ordered_units_365', "service_status = 'ok'", 'no order lines due'),
] -%}
with health as (
    select * from {{ ref('fct_inventory_health') }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

supplier_performance as (
    select * from {{ ref('fct_supplier_performance') }}
),

counts as (
    select * from {{ ref('rec_book_count') }}
),

kpi_targets as (
    select * from {{ source('control', 'kpi_targets') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

-- An order is on time when all its lines in the scope are.
order_lines_in_scope as (
    select
        order_lines.source_instance,
        order_lines.so_no,
        order_lines.warehouse_id,
        health.category_name,
        order_lines.is_on_time
    from order_lines
    cross join run_parameters
    left join health on order_lines.item_id = health.item_id and order_lines.warehouse_id = health.warehouse_id
    where
        order_lines.is_promise_due
        and order_lines.promised_date > {{ add_days('run_parameters.as_of_date', -365) }}
),

counts_in_scope as (
    select
        counts.warehouse_id,
        health.category_name,
        counts.is_accurate
    from counts
    cross join run_parameters
    left join health on counts.item_id = health.item_id and counts.warehouse_id = health.warehouse_id
    where counts.count_date > {{ add_days('run_parameters.as_of_date', -365) }}
),

measured as (
    {% for scope, scope_value in scopes.items() -%}
        {% for kpi, numerator, denominator, known, missing in health_kpis -%}
            select
                '{{ kpi }}' as kpi,
                '{{ scope }}' as scope,
                {{ scope_value }} as scope_value,
                sum(case when {{ known }} then cast({{ numerator }} as decimal(38, 6)) end) as numerator,
                sum(case when {{ known }} then cast({{ denominator }} as decimal(38, 6)) end) as denominator,
                {{ ratio('sum(case when ' ~ known ~ ' then 1 else 0 end)', 'count(*)') }} as coverage_rate,
                '{{ missing }}' as missing_reason,
                {{ 'true' if denominator == 'null' else 'false' }} as is_amount
            from health
            where is_stocked
            {% if scope != 'company' -%} group by {{ scope_value }} {%- endif %}
            union all
        {% endfor -%}
        select
            'on_time_delivery_rate' as kpi,
            '{{ scope }}' as scope,
            scope_value,
            cast(sum(case when is_complete then 1 else 0 end) as decimal(38, 6)) as numerator,
            cast(count(*) as decimal(38, 6)) as denominator,
            1.0 as coverage_rate,
            'no orders due' as missing_reason,
            false as is_amount
        from (
            select
                {{ scope_value }} as scope_value,
                source_instance,
                so_no,
                min(case when is_on_time then 1 else 0 end) = 1 as is_complete
            from order_lines_in_scope
            group by {{ scope_value ~ ', ' if scope != 'company' else '' }}source_instance, so_no
        ) as orders
        group by scope_value
        union all
        select
            'record_accuracy_rate' as kpi,
            '{{ scope }}' as scope,
            {{ scope_value }} as scope_value,
            cast(sum(case when is_accurate then 1 else 0 end) as decimal(38, 6)) as numerator,
            cast(count(*) as decimal(38, 6)) as denominator,
            1.0 as coverage_rate,
            'nothing counted' as missing_reason,
            false as is_amount
        from counts_in_scope
        {% if scope != 'company' -%} group by {{ scope_value }} {%- endif %}
        union all
    {% endfor -%}
    select
        'supplier_on_time_rate' as kpi,
        'company' as scope,
        '' as scope_value,
        cast(sum(supplier_performance.on_time_lines) as decimal(38, 6)) as numerator,
        cast(sum(supplier_performance.due_lines) as decimal(38, 6)) as denominator,
        1.0 as coverage_rate,
        'no purchase order lines due' as missing_reason,
        false as is_amount
    from supplier_performance
    cross join run_parameters
    where supplier_performance.month_start_date > {{ add_days('run_parameters.as_of_date', -365) }}
),

rated as (
    select
        *,
        case when is_amount then round(cast(numerator as double), 4) else {{ ratio('numerator', 'denominator') }} end as kpi_value,
        case
            when numerator is null then 'not_available: ' || missing_reason
            when is_amount then 'ok'
            when denominator is null then 'not_available: ' || missing_reason
            when denominator = 0 and kpi = 'days_inventory_outstanding' then 'no_sales'
            when denominator = 0 then 'not_available: ' || missing_reason
            else 'ok'
        end as kpi_status
    from measured
),

-- A category without a target of its own is held to the company's.
targeted as (
    select
        rated.*,
        coalesce(own_targets.target_rate, company_targets.target_rate) as target_rate,
        coalesce(own_targets.floor_rate, company_targets.floor_rate) as floor_rate,
        coalesce(own_targets.ceiling_rate, company_targets.ceiling_rate) as ceiling_rate,
        coalesce(own_targets.owner_name, company_targets.owner_name) as owner_name
    from rated
    left join kpi_targets as own_targets
        on
            rated.kpi = own_targets.kpi
            and rated.scope = own_targets.scope
            and rated.scope_value = coalesce(own_targets.scope_value, '')
    left join kpi_targets as company_targets
        on rated.kpi = company_targets.kpi and company_targets.scope = 'company'
),

final as (
    select
        targeted.kpi,
        targeted.scope,
        targeted.scope_value,
        run_parameters.as_of_date,
        cast(targeted.numerator as decimal(28, 6)) as numerator_value,
        cast(targeted.denominator as decimal(28, 6)) as denominator_value,
        targeted.kpi_value,
        targeted.kpi_status,
        cast(targeted.coverage_rate as double) as coverage_rate,
        targeted.target_rate,
        targeted.floor_rate,
        targeted.ceiling_rate,
        {{ ratio('targeted.kpi_value', 'targeted.target_rate') }} as attainment_rate,
        case
            when targeted.kpi_status <> 'ok' or coalesce(targeted.floor_rate, targeted.ceiling_rate) is null then null
            else
                targeted.kpi_value >= coalesce(targeted.floor_rate, targeted.kpi_value)
                and targeted.kpi_value <= coalesce(targeted.ceiling_rate, targeted.kpi_value)
        end as is_within_bounds,
        targeted.owner_name
    from targeted
    cross join run_parameters
)

select * from final
