-- Turnover, days of inventory and GMROI of every roll-up of each company: sums over sums, never means of ratios. Items whose value is
-- unknown are in neither sum; coverage_rate says how many are in. Companies are added in scope `group` alone, which is there where a run
-- holds several: each month and window at the rate of its last day into the main company's currency, or not at all.
{% set scopes = {
    'company': "''", 'warehouse': 'warehouse_id', 'category': 'category_name', 'supplier': 'default_supplier_id',
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

companies as (
    select * from {{ ref('dim_companies') }}
),

fiscal_days as (
    select * from {{ ref('int_fiscal_days') }}
),

-- Quarters and years of each company's calendar; the group has the main company's.
fiscal_periods as (
    select * from {{ ref('int_fiscal_periods') }}
),

calendars as (
    select
        company_code,
        period_start_date,
        quarter_start_date,
        year_start_date
    from fiscal_periods
    union all
    select
        '' as company_code,
        fiscal_periods.period_start_date,
        fiscal_periods.quarter_start_date,
        fiscal_periods.year_start_date
    from fiscal_periods
    inner join companies on fiscal_periods.company_code = companies.company_code
    where companies.is_main
),

group_rates as (
    select * from {{ ref('dim_exchange_rates') }}
    where is_group_rate
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

-- Where no sales document carries revenue, there is no margin: not a margin of minus the cost.
has_sales as (
    select
        {{ company_of('item_id') }} as company_code,
        count(sales_value) > 0 as has_revenue
    from daily_sales
    group by {{ company_of('item_id') }}
),

monthly_sales as (
    select
        daily_sales.item_id,
        daily_sales.warehouse_id,
        {{ fiscal_start('fiscal_days', 'daily_sales.shipment_date') }} as period_start_date,
        sum(daily_sales.sales_value) as sales_value,
        sum(daily_sales.unknown_sales) as unknown_sales
    from daily_sales
    left join fiscal_days on {{ on_fiscal_day('fiscal_days', 'daily_sales.item_id', 'daily_sales.shipment_date') }}
    group by daily_sales.item_id, daily_sales.warehouse_id, {{ fiscal_start('fiscal_days', 'daily_sales.shipment_date') }}
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
        {{ company_of('facts.item_id') }} as company_code,
        facts.is_known and facts.unknown_sales = 0 and coalesce(has_sales.has_revenue, false) as is_margin_known
    from facts
    left join has_sales on {{ company_of('facts.item_id') }} = has_sales.company_code
    left join item_warehouses
        on facts.item_id = item_warehouses.item_id and facts.warehouse_id = item_warehouses.warehouse_id
    left join class_spells
        on
            facts.item_id = class_spells.item_id
            and facts.warehouse_id = class_spells.warehouse_id
            and facts.period_end_date between class_spells.spell_from_date and class_spells.spell_to_date
),

of_companies as (
    {% for scope, scope_value in scopes.items() -%}
        select
            company_code,
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
        group by company_code, {{ scope_value }}, period_kind, period_start_date, period_end_date, period_days
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- What each company puts into the group; a rate of null makes its money null.
converted as (
    select
        of_companies.*,
        companies.currency_code,
        companies.group_currency_code,
        companies.is_main,
        cast(
            case when companies.currency_code = companies.group_currency_code then 1 else group_rates.exchange_rate end as decimal(28, 10)
        ) as rate
    from of_companies
    inner join companies on of_companies.company_code = companies.company_code
    left join group_rates
        on
            companies.currency_code = group_rates.currency_code
            and of_companies.period_end_date between group_rates.valid_from_date and group_rates.valid_to_date
    where of_companies.scope = 'company'
),

-- Months of a company that another company's month cuts: nothing can be added there.
cut_months as (
    select distinct
        one.company_code,
        one.period_start_date
    from converted as one
    inner join converted as other
        on
            one.company_code <> other.company_code
            and one.period_start_date <= other.period_end_date
            and one.period_end_date >= other.period_start_date
            and (one.period_start_date <> other.period_start_date or one.period_end_date <> other.period_end_date)
    where one.period_kind = 'month' and other.period_kind = 'month'
),

shared as (
    select
        converted.company_code,
        converted.currency_code,
        converted.group_currency_code,
        converted.is_main,
        converted.period_kind,
        converted.period_start_date,
        converted.period_end_date,
        converted.period_days,
        converted.item_warehouses,
        converted.known_item_warehouses,
        converted.rate,
        {%- for sum in [
            'value_days', 'opening_value', 'ending_value', 'points_value', 'cogs_value', 'unit_days', 'cogs_units', 'sales_value',
            'margin_value', 'margin_value_days',
        ] %}
            case when cut_months.company_code is null then converted.{{ sum }} end as {{ sum }},
        {%- endfor %}
        cut_months.company_code is not null as is_cut
    from converted
    left join cut_months
        on
            converted.period_kind = 'month'
            and converted.company_code = cut_months.company_code
            and converted.period_start_date = cut_months.period_start_date
    where cut_months.company_code is null or converted.is_main
),

scoped as (
    select
        *,
        cast(null as varchar) as refused_status
    from of_companies
    union all
    select
        '' as company_code,
        'group' as scope,
        '' as scope_value,
        period_kind,
        period_start_date,
        period_end_date,
        period_days,
        sum(item_warehouses) as item_warehouses,
        sum(known_item_warehouses) as known_item_warehouses,
        {%- for sum in [
            'value_days', 'opening_value', 'ending_value', 'points_value', 'cogs_value', 'unit_days', 'cogs_units', 'sales_value',
            'margin_value', 'margin_value_days',
        ] %}
            {%- if sum in ['unit_days', 'cogs_units'] %}
                sum({{ sum }}) as {{ sum }},
            {%- else %}
                cast(case when count(rate) = count(*) then sum({{ sum }} * rate) end as decimal(38, 6)) as {{ sum }},
            {%- endif %}
        {%- endfor %}
        min(case
            when is_cut then 'not_available: the companies keep different calendars'
            when rate is null then {{ no_rate_status('currency_code', 'group_currency_code', 'period_end_date') }}
        end) as refused_status
    from shared
    group by period_kind, period_start_date, period_end_date, period_days
    having count(*) > 1 or bool_or(is_cut)
),

-- Quarters and years are sums of their months; their points are the opening and every month end.
{% for kind in ['quarter', 'year'] -%}
    {{ kind }}s as (
        select
            scoped.company_code,
            scoped.scope,
            scoped.scope_value,
            '{{ kind }}' as period_kind,
            coalesce(
                calendars.{{ kind }}_start_date, cast(date_trunc('{{ kind }}', scoped.period_start_date) as date)
            ) as period_start_date,
            max(scoped.period_end_date) as period_end_date,
            cast(sum(scoped.period_days) as bigint) as period_days,
            max(scoped.item_warehouses) as item_warehouses,
            max(scoped.item_warehouses) - max(scoped.item_warehouses - scoped.known_item_warehouses) as known_item_warehouses,
            case when count(scoped.refused_status) = 0 then sum(scoped.value_days) end as value_days,
            case when count(scoped.refused_status) = 0 then min_by(scoped.opening_value, scoped.period_start_date) end as opening_value,
            case when count(scoped.refused_status) = 0 then max_by(scoped.ending_value, scoped.period_start_date) end as ending_value,
            case
                when count(scoped.refused_status) = 0
                    then
                        (min_by(scoped.opening_value, scoped.period_start_date) + sum(scoped.ending_value))
                        / (1 + count(scoped.ending_value))
            end as points_value,
            case when count(scoped.refused_status) = 0 then sum(scoped.cogs_value) end as cogs_value,
            sum(scoped.unit_days) as unit_days,
            sum(scoped.cogs_units) as cogs_units,
            case when count(scoped.refused_status) = 0 then sum(scoped.sales_value) end as sales_value,
            case when count(scoped.refused_status) = 0 then sum(scoped.margin_value) end as margin_value,
            case when count(scoped.refused_status) = 0 then sum(scoped.margin_value_days) end as margin_value_days,
            min(scoped.refused_status) as refused_status
        from scoped
        left join calendars
            on scoped.company_code = calendars.company_code and scoped.period_start_date = calendars.period_start_date
        where scoped.period_kind = 'month'
        group by
            scoped.company_code,
            scoped.scope,
            scoped.scope_value,
            coalesce(calendars.{{ kind }}_start_date, cast(date_trunc('{{ kind }}', scoped.period_start_date) as date))
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
        company_code,
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
            partition by company_code, scope, scope_value order by period_start_date rows between 11 preceding and current row
        ),
        last_24 as (
            partition by company_code, scope, scope_value order by period_start_date rows between 23 preceding and current row
        )
),

changes as (
    select
        *,
        lag(turnover_12_months, 12) over (partition by company_code, scope, scope_value order by period_start_date) as turnover_year_before
    from trends
),

judged as (
    select
        *,
        value_days / period_days as average_value,
        unit_days / period_days as average_units,
        margin_value_days / period_days as margin_average_value,
        case
            when refused_status is not null then refused_status
            when value_days is null then {{ no_cost_status() }}
            when value_days > 0 then 'ok'
            when cogs_value = 0 then 'no_sales'
            when unit_days > 0 then {{ no_value_status() }}
            else 'not_available: no stock held in the period'
        end as turnover_status,
        case
            when refused_status is not null then refused_status
            when margin_value_days is null then 'not_available: no cost or no revenue'
            when margin_value_days > 0 then 'ok'
            when unit_days > 0 then {{ no_value_status() }}
            else 'not_available: no stock held in the period'
        end as gmroi_status
    from periods
),

final as (
    select
        judged.company_code,
        judged.scope,
        judged.scope_value,
        coalesce(companies.currency_code, main_company.group_currency_code) as currency_code,
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
        coalesce(own_targets.target_rate, named_targets.target_rate, company_targets.target_rate) as target_rate,
        {%- for bound in ['floor_rate', 'ceiling_rate'] %}
            case
                when own_targets.kpi is not null then own_targets.{{ bound }}
                when named_targets.kpi is not null then named_targets.{{ bound }}
                else company_targets.{{ bound }}
            end as {{ bound }},
        {%- endfor %}
        coalesce(own_targets.owner_name, named_targets.owner_name, company_targets.owner_name) as owner_name
    from judged
    left join companies on judged.company_code = companies.company_code
    left join companies as main_company on main_company.is_main and judged.scope = 'group'
    left join changes
        on
            judged.period_kind = 'month'
            and judged.company_code = changes.company_code
            and judged.scope = changes.scope
            and judged.scope_value = changes.scope_value
            and judged.period_start_date = changes.period_start_date
    left join kpi_targets as own_targets
        on
            own_targets.kpi = 'inventory_turnover'
            and judged.scope <> 'company'
            and judged.scope = own_targets.scope
            and judged.scope_value = own_targets.scope_value
    left join kpi_targets as named_targets
        on
            named_targets.kpi = 'inventory_turnover'
            and named_targets.scope = 'company'
            and named_targets.scope_value <> ''
            and judged.company_code = named_targets.scope_value
    left join kpi_targets as company_targets
        on company_targets.kpi = 'inventory_turnover' and company_targets.scope = 'company' and company_targets.scope_value = ''
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
