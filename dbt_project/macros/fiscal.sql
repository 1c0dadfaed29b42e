{#
    Periods of the company's calendar (int_fiscal_periods). `days` is the alias of int_fiscal_days, joined with `on_fiscal_day`; a day
    that lies outside the calendar (twenty years back) is in its calendar month.
#}
{% macro on_fiscal_day(days, id, a_date) -%}
    {{ company_of(id) }} = {{ days }}.company_code and {{ a_date }} = {{ days }}.date_day
{%- endmacro %}

{% macro fiscal_start(days, a_date) -%}
    coalesce({{ days }}.period_start_date, {{ month_start(a_date) }})
{%- endmacro %}

{% macro fiscal_end(days, a_date) -%}
    coalesce({{ days }}.period_end_date, {{ month_end(a_date) }})
{%- endmacro %}
