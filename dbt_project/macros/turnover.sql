{#
    The turnover family, from one row of sums per item x warehouse x period: one home for month and rolling windows.

    Reads from `relation`: period_days, cogs_value, cogs_units, uncosted_cogs_units, value_days (value x days held), unit_days (units x days
    held), opening_value, ending_value, opening_units, ending_units, month_end_points_value, value_status.
    ITO = cost of goods sold / average inventory value; annualised by 365 / period days. DIO = period days x average / COGS.
#}
{% macro turnover_averages(relation) -%}
    select
        measures.*,
        feeds.issues_status,
        cast(round(value_days / period_days, 4) as decimal(24, 4)) as average_inventory_value,
        cast(round((opening_value + ending_value) / 2, 4) as decimal(24, 4)) as average_inventory_value_two_point,
        cast(round(unit_days / period_days, 6) as decimal(28, 6)) as average_inventory_units,
        case
            when feeds.issues_status <> 'ok' then feeds.issues_status
            when value_status <> 'ok' then value_status
            when uncosted_cogs_units > 0 then {{ no_cost_status() }}
            when value_days > 0 then 'ok'
            when cogs_units = 0 then 'no_sales'
            when unit_days > 0 then {{ no_value_status() }}
            else 'not_available: no stock held in the period'
        end as turnover_status
    from {{ relation }} as measures
    left join {{ ref('int_company_feeds') }} as feeds on split_part(measures.item_id, '/', 1) = feeds.company_code
{%- endmacro %}

{% macro turnover_columns() -%}
    {{ as_value('case when coalesce(issues_status, \'ok\') = \'ok\' and uncosted_cogs_units = 0 and (value_status = \'ok\' or cogs_value <> 0) then cogs_value end') }} as cogs_value,
    {{ as_units('case when coalesce(issues_status, \'ok\') = \'ok\' then cogs_units end') }} as cogs_units,
    case when value_status = 'ok' then average_inventory_value end as average_inventory_value,
    case when value_status = 'ok' then average_inventory_value_two_point end as average_inventory_value_two_point,
    case when value_status = 'ok' then {{ as_value('month_end_points_value') }} end as average_inventory_value_month_end_points,
    case when value_status = 'ok' then {{ as_value('ending_value') }} end as ending_inventory_value,
    average_inventory_units,
    {{ as_units('ending_units') }} as ending_units,
    case when turnover_status = 'ok' then {{ ratio('cogs_value', 'average_inventory_value') }} end as inventory_turnover,
    case when turnover_status = 'ok' then {{ ratio('cogs_value * 365', 'average_inventory_value * period_days') }} end
        as inventory_turnover_annualised,
    case when turnover_status = 'ok' then {{ ratio('cogs_value * 365', 'average_inventory_value_two_point * period_days') }} end
        as inventory_turnover_annualised_two_point,
    case when turnover_status = 'ok' then {{ ratio('cogs_value * 365', 'month_end_points_value * period_days') }} end
        as inventory_turnover_annualised_month_end_points,
    case when turnover_status = 'ok' then {{ ratio('cogs_value * 365', 'ending_value * period_days') }} end
        as inventory_turnover_annualised_ending,
    case
        when coalesce(issues_status, 'ok') = 'ok' then {{ ratio('cogs_units * 365', 'average_inventory_units * period_days') }}
    end as inventory_turnover_annualised_units,
    case
        when turnover_status = 'ok' and cogs_value > 0 then {{ ratio('average_inventory_value * period_days', 'cogs_value') }}
    end as days_inventory_outstanding,
    case
        when cogs_units > 0 and average_inventory_units >= 0 then {{ ratio('average_inventory_units * period_days', 'cogs_units') }}
    end as days_inventory_outstanding_units,
    value_status,
    turnover_status,
    case
        when turnover_status <> 'ok' then turnover_status
        when cogs_value > 0 then 'ok'
        else 'no_sales'
    end as days_inventory_status
{%- endmacro %}

{# Kinds of value entries that are cost of what was sold: at issue, when stock sold before it came is settled, when a cost is corrected later. #}
{% macro cogs_kinds() -%}
    ('cogs', 'cogs_settlement', 'cogs_correction')
{%- endmacro %}

{# An entry of value alone that says of a movement what it cost beside its own document: an invoice at another price, freight, a rebate. #}
{% macro is_value_correction(entries) -%}
    {{ entries }}.movement_key is not null
    and {{ entries }}.quantity_units = 0
    and {{ entries }}.entry_value <> 0
    and not {{ entries }}.is_cogs
    and {{ entries }}.entry_kind in ('receipt', 'adjustment', 'revaluation', 'landed_cost', 'variance')
{%- endmacro %}
