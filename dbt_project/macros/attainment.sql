{# A figure against its target, said once. `direction` is a SQL text, higher or lower: what is better (the KPI catalogue). #}

{# How much of the target is reached: value / target where more is better, target / value where less is. Null where it divides by zero:
   a rate of nothing against a target above it is met whatever the quotient. #}
{% macro attainment_rate(kpi_value, target, direction) -%}
    case
        when {{ direction }} = 'higher' then {{ ratio(kpi_value, target) }}
        else {{ ratio(target, kpi_value) }}
    end
{%- endmacro %}

{# target_met, within_limits or missed; null where nothing is known or nothing is set. Outside a limit is missed, whatever the target
   says; short of the target without a limit on that side is missed too. #}
{% macro attainment_state(kpi_value, target, floor, ceiling, direction) -%}
    case
        when {{ kpi_value }} is null or coalesce({{ target }}, {{ floor }}, {{ ceiling }}) is null then null
        when coalesce({{ kpi_value }} < {{ floor }}, false) or coalesce({{ kpi_value }} > {{ ceiling }}, false) then 'missed'
        when {{ target }} is null then 'within_limits'
        when {{ direction }} = 'higher' and {{ kpi_value }} >= {{ target }} then 'target_met'
        when {{ direction }} = 'lower' and {{ kpi_value }} <= {{ target }} then 'target_met'
        when {{ direction }} = 'higher' and {{ floor }} is not null then 'within_limits'
        when {{ direction }} = 'lower' and {{ ceiling }} is not null then 'within_limits'
        else 'missed'
    end
{%- endmacro %}

{# Between floor and ceiling; null where neither is set or the value is unknown. #}
{% macro is_within_bounds(kpi_value, floor, ceiling) -%}
    case
        when {{ kpi_value }} is null or coalesce({{ floor }}, {{ ceiling }}) is null then null
        else
            {{ kpi_value }} >= coalesce({{ floor }}, {{ kpi_value }})
            and {{ kpi_value }} <= coalesce({{ ceiling }}, {{ kpi_value }})
    end
{%- endmacro %}
