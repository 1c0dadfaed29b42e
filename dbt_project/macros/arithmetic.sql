{# Arithmetic that must be the same everywhere. Sums stay DECIMAL (the same in any order of threads); a ratio is rounded once, here. #}

{# numerator / denominator as DOUBLE, null where the denominator is 0 or either is null. #}
{% macro ratio(numerator, denominator) -%}
    round(cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0), 6)
{%- endmacro %}

{% macro as_units(expression) -%}
    cast({{ expression }} as decimal(28, 6))
{%- endmacro %}

{% macro as_value(expression) -%}
    cast(round({{ expression }}, 4) as decimal(24, 4))
{%- endmacro %}

{# Why a value is missing, in the words that every mart uses. #}
{% macro no_cost_status() -%}
    'not_available: no cost in any source'
{%- endmacro %}

{# Days that [from, to] shares with [start, end], both inclusive; 0 when apart. #}
{% macro overlap_days(from_date, to_date, start_date, end_date) -%}
    greatest(0, {{ days_between("greatest(" ~ from_date ~ ", " ~ start_date ~ ")", "least(" ~ to_date ~ ", " ~ end_date ~ ")") }} + 1)
{%- endmacro %}

{# Stock was held, and it cost nothing (or was owed): a turnover has nothing to divide by. #}
{% macro no_value_status() -%}
    'not_available: the stock of the period has no value'
{%- endmacro %}

{% macro not_valued_status() -%}
    'not_available: stock without value in the books'
{%- endmacro %}

{# Share of the days of a period (period_start_date to period_end_date of `relation`) that fall into [start, end]. #}
{% macro share_of_period(relation, start_date, end_date) -%}
    cast({{ overlap_days(relation ~ '.period_start_date', relation ~ '.period_end_date', start_date, end_date) }} as double)
    / ({{ days_between(relation ~ '.period_start_date', relation ~ '.period_end_date') }} + 1)
{%- endmacro %}
