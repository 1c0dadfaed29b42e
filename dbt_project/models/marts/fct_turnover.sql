-- Turnover, days of inventory and GMROI of every roll-up: sums over sums, never means of ratios. Items whose value is unknown are in
-- neither sum; coverage_rate says how many are in.
{% set scopes = {
    'company': 'company_scope', 'warehouse': 'warehouse_id', 'category': 'category_name', 'supplier': 'default_supplier_id',
    'owner': 'owner_name', 'team': 'team_name', 'abc_class': 'abc_class', 'abc_xyz_cell': 'abc_xyz_cell',
} %}
with monthly as (
    select * from {{ ref('fct_turnover_monthly') }}
),

rolling as (
    select * from {{ ref('fct_turnover_rolling') }}
),

item_warehouses as (
    select * from {{ ref('dim_item_warehouses') }}
),

class_history as (
    select * from {{ ref('fct_class_history') }}
),

class_spells as (
    {{ class_spells('class_history') }}
),

sales_lines as (
    select * from {{ ref('fct_sales_lines') }}
),

kpi_targets as (
    select * from {{ source('control', 'kpi_targets') }}
),

-- Companies are not added together: where there are several, each has rows of its own, named by its code.
companies as (
    select count(distinct split_part(item_id, '/', 1)) as companies from item_warehouses
),

daily_sales as (
    select
        item_id,
        warehouse_id,
        shipment_date,
        sum(revenue_value) as sales_value,
        count(*) - count(revenue_value) as unknown_sales
    from sales_lines
    group by item_id, warehouse_id, shipment_date
),

-- Where no sales document carries revenue, there is no margin to speak of: not a margin of minus the cost.
has_sales as (
    select count(sales_value) > 0 as has_revenue from daily_sales
),

monthly_sales as (
    select
        item_id,
        warehouse_id,
        {{ month_start('shipment_date') }} as period_start_date,
        sum(sales_value) as sales_value,
        sum(unknown_sales) as unknown_sales
    from daily_sales
    group by item_id, warehouse_id, {{ month_start('shipment_date') }}
),

windows as (
    select distinct
        window_days,
        period_start_date,
        period_end_date
    from rolling
),

window_sales as (
    select
        daily_sales.item_id,
        daily_sales.warehouse_id,
        windows.window_days,
        sum(daily_sales.sales_value) as sales_value,
        sum(daily_sales.unknown_sales) as unknown_sales
    from daily_sales
    inner join windows on daily_sales.shipment_date between windows.period_start_date and windows.period_end_date
    group by daily_sales.item_id, daily_sales.warehouse_id, windows.window_days
),

facts as (
    select
        monthly.item_id,
        monthly.warehouse_id,
        'month' as period_kind,
        monthly.month_start_date as period_start_date,
        monthly.period_end_date,
        monthly.period_days,
        monthly.average_inventory_value,
        monthly.opening_inventory_value,
        monthly.ending_inventory_value,
        monthly.average_inventory_value_month_end_points as points_value,
        monthly.average_inventory_units,
        monthly.cogs_value,
        monthly.cogs_units,
        monthly.value_status = 'ok' and monthly.cogs_value is not null as is_known,
        coalesce(monthly_sales.sales_value, 0) as sales_value,
        coalesce(monthly_sales.unknown_sales, 0) as unknown_sales
    from monthly
    left join monthly_sales
        on
            monthly.item_id = monthly_sales.item_id
            and monthly.warehouse_id = monthly_sales.warehouse_id
            and monthly.month_start_date = monthly_sales.period_start_date
    union all
    select
        rolling.item_id,
        rolling.warehouse_id,
        'rolling_' || cast(rolling.window_days as varchar) as period_kind,
        rolling.period_start_date,
        rolling.period_end_date,
        rolling.period_days,
        rolling.average_inventory_value,
        rolling.opening_inventory_value,
        rolling.ending_inventory_value,
        rolling.average_inventory_value_month_end_points as points_value,
        rolling.average_inventory_units,
        rolling.cogs_value,
        rolling.cogs_units,
        rolling.value_status = 'ok' and rolling.cogs_value is not null as is_known,
        coalesce(window_sales.sales_value, 0) as sales_value,
        coalesce(window_sales.unknown_sales, 0) as unknown_sales
    from rolling
    left join window_sales
        on
            rolling.item_id = window_sales.item_id
            and rolling.warehouse_id = window_sales.warehouse_id
            and rolling.window_days = window_sales.window_days
),

described as (
    select
        facts.*,
        item_warehouses.category_name,
        item_warehouses.default_supplier_id,
        item_warehouses.owner_name,
        item_warehouses.team_name,
        class_spells.abc_class,
        class_spells.abc_xyz_cell,
        case when companies.companies > 1 then split_part(facts.item_id, '/', 1) else '' end as company_scope,
        facts.is_known and facts.unknown_sales = 0 and has_sales.has_revenue as is_margin_known
    from facts
    cross join has_sales
    cross join companies
    left join item_warehouses
        on facts.item_id = item_warehouses.item_id and facts.warehouse_id = item_warehouses.warehouse_id
    left join class_spells
        on
            facts.item_id = class_spells.item_id
            and facts.warehouse_id = class_spells.warehouse_id
            and facts.period_end_date between class_spells.spell_from_date and class_spells.spell_to_date
),

scoped as (
    {% for scope, scope_value in scopes.items() -%}
        select
            '{{ scope }}' as scope,
            coalesce({{ scope_value }}, '') as scope_value,
            period_kind,
            period_start_date,
            period_end_date,
            period_days,
            count(*) as item_warehouses,
            sum(case when is_known then 1 else 0 end) as known_item_warehouses,
            sum(case when is_known then average_inventory_value * period_days end) as value_days,
            sum(case when is_known then opening_inventory_value end) as opening_value,
            sum(case when is_known then ending_inventory_value end) as ending_value,
            sum(case when is_known then points_value end) as points_value,
            sum(case when is_known then cogs_value end) as cogs_value,
            sum(average_inventory_units * period_days) as unit_days,
            sum(cogs_units) as cogs_units,
            sum(case when is_margin_known then sales_value end) as sales_value,
            sum(case when is_margin_known then sales_value - cogs_value end) as margin_value,
            sum(case when is_margin_known then average_inventory_value * period_days end) as margin_value_days
        from described
        group by {{ scope_value }}, period_kind, period_start_date, period_end_date, period_days
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- Quarters and years are sums of their months; their points are the opening and every month end.
{% for kind in ['quarter', 'year'] -%}
    {{ kind }}s as (
        select
            scope,
            scope_value,
            '{{ kind }}' as period_kind,
            cast(date_trunc('{{ kind }}', period_start_date) as date) as period_start_date,
            max(period_end_date) as period_end_date,
            cast(sum(period_days) as bigint) as period_days,
            max(item_warehouses) as item_warehouses,
            max(item_warehouses) - max(item_warehouses - known_item_warehouses) as known_item_warehouses,
            sum(value_days) as value_days,
            min_by(opening_value, period_start_date) as opening_value,
            max_by(ending_value, period_start_date) as ending_value,
            (min_by(opening_value, period_start_date) + sum(ending_value)) / (1 + count(ending_value)) as points_value,
            sum(cogs_value) as cogs_value,
            sum(unit_days) as unit_days,
            sum(cogs_units) as cogs_units,
            sum(sales_value) as sales_value,
            sum(margin_value) as margin_value,
            sum(margin_value_days) as margin_value_days
        from scoped
        where period_kind = 'month'
        group by scope, scope_value, cast(date_trunc('{{ kind }}', period_start_date) as date)
    ),

{% endfor -%}
periods as (
    select * from scoped
    union all
    select * from quarters
    union all
    select * from years
),

-- Trend: the twelve and the twenty-four months up to each month, only where there are that many.
trends as (
    select
        scope,
        scope_value,
        period_start_date,
        case
            when count(value_days) over last_12 = 12
                then {{ ratio('sum(cogs_value) over last_12 * 365', 'sum(value_days) over last_12') }}
        end as turnover_12_months,
        case
            when count(value_days) over last_24 = 24
                then {{ ratio('sum(cogs_value) over last_24 * 365', 'sum(value_days) over last_24') }}
        end as turnover_24_months
    from scoped
    where period_kind = 'month'
    window
        last_12 as (
            partition by scope, scope_value order by period_start_date rows between 11 preceding and current row
        ),
        last_24 as (
            partition by scope, scope_value order by period_start_date rows between 23 preceding and current row
        )
),

changes as (
    select
        *,
        lag(turnover_12_months, 12) over (partition by scope, scope_value order by period_start_date) as turnover_year_before
    from trends
),

judged as (
    select
        *,
        value_days / period_days as average_value,
        unit_days / period_days as average_units,
        margin_value_days / period_days as margin_average_value,
        case
            when value_days is null then {{ no_cost_status() }}
            when value_days > 0 then 'ok'
            when cogs_value = 0 then 'no_sales'
            when unit_days > 0 then {{ no_value_status() }}
            else 'not_available: no stock held in the period'
        end as turnover_status,
        case
            when margin_value_days is null then 'not_available: no cost or no revenue'
            when margin_value_days > 0 then 'ok'
            when unit_days > 0 then {{ no_value_status() }}
            else 'not_available: no stock held in the period'
        end as gmroi_status
    from periods
),

final as (
    select
        judged.scope,
        judged.scope_value,
        judged.period_kind,
        judged.period_start_date,
        judged.period_end_date,
        cast(judged.period_days as bigint) as period_days,
        cast(judged.item_warehouses as bigint) as item_warehouses,
        cast(judged.known_item_warehouses as bigint) as known_item_warehouses,
        {{ ratio('judged.known_item_warehouses', 'judged.item_warehouses') }} as coverage_rate,
        {{ as_value('judged.opening_value') }} as opening_inventory_value,
        {{ as_value('judged.ending_value') }} as ending_inventory_value,
        {{ as_value('judged.average_value') }} as average_inventory_value,
        {{ as_value('(judged.opening_value + judged.ending_value) / 2') }} as average_inventory_value_two_point,
        {{ as_value('judged.points_value') }} as average_inventory_value_month_end_points,
        {{ as_units('judged.average_units') }} as average_inventory_units,
        {{ as_value('judged.cogs_value') }} as cogs_value,
        {{ as_units('judged.cogs_units') }} as cogs_units,
        case when judged.turnover_status = 'ok' then {{ ratio('judged.cogs_value * judged.period_days', 'judged.value_days') }} end
            as inventory_turnover,
        {%- for name, average in {
            '': 'judged.value_days / judged.period_days',
            '_two_point': '(judged.opening_value + judged.ending_value) / 2',
            '_month_end_points': 'judged.points_value',
            '_ending': 'judged.ending_value',
        }.items() %}
            case
                when judged.turnover_status = 'ok'
                    then {{ ratio('judged.cogs_value * 365', '(' ~ average ~ ') * judged.period_days') }}
            end as inventory_turnover_annualised{{ name }},
        {%- endfor %}
        {{ ratio('judged.cogs_units * 365', 'judged.unit_days') }} as inventory_turnover_annualised_units,
        case when judged.turnover_status = 'ok' and judged.cogs_value > 0 then {{ ratio('judged.value_days', 'judged.cogs_value') }} end
            as days_inventory_outstanding,
        judged.turnover_status,
        case
            when judged.turnover_status <> 'ok' then judged.turnover_status
            when judged.cogs_value > 0 then 'ok'
            else 'no_sales'
        end as days_inventory_status,
        {{ as_value('judged.sales_value') }} as sales_value,
        {{ as_value('judged.margin_value') }} as gross_margin_value,
        {{ as_value('judged.margin_average_value') }} as gmroi_inventory_value,
        case when judged.gmroi_status = 'ok' then {{ ratio('judged.margin_value * 365', 'judged.margin_value_days') }} end as gmroi,
        judged.gmroi_status,
        changes.turnover_12_months as inventory_turnover_12_months,
        changes.turnover_24_months as inventory_turnover_24_months,
        {{ ratio('changes.turnover_12_months - changes.turnover_year_before', 'changes.turnover_year_before') }}
            as turnover_12_months_change_rate,
        coalesce(own_targets.target_rate, company_targets.target_rate) as target_rate,
        case when own_targets.kpi is not null then own_targets.floor_rate else company_targets.floor_rate end as floor_rate,
        case when own_targets.kpi is not null then own_targets.ceiling_rate else company_targets.ceiling_rate end as ceiling_rate,
        coalesce(own_targets.owner_name, company_targets.owner_name) as owner_name
    from judged
    left join changes
        on
            judged.period_kind = 'month'
            and judged.scope = changes.scope
            and judged.scope_value = changes.scope_value
            and judged.period_start_date = changes.period_start_date
    left join kpi_targets as own_targets
        on
            own_targets.kpi = 'inventory_turnover'
            and judged.scope = own_targets.scope
            and judged.scope_value = coalesce(own_targets.scope_value, '')
    left join kpi_targets as company_targets
        on company_targets.kpi = 'inventory_turnover' and company_targets.scope = 'company'
),

attained as (
    select
        *,
        {{ attainment_rate('inventory_turnover_annualised', 'target_rate', kpi_direction_inventory_turnover()) }} as attainment_rate,
        {{ attainment_state(
            'inventory_turnover_annualised', 'target_rate', 'floor_rate', 'ceiling_rate', kpi_direction_inventory_turnover()
        ) }} as attainment_state,
        {{ is_within_bounds('inventory_turnover_annualised', 'floor_rate', 'ceiling_rate') }} as is_within_bounds
    from final
)

select * from attained
