{# A company's own KPIs: macros of these names in its dbt project, written from its kpis.yml, come before these (adapter.dispatch). #}

{% macro default__own_kpi_sums(base) -%}
{%- endmacro %}

{% macro default__own_kpi_rows(base, relation) -%}
{%- endmacro %}

{% macro default__own_kpi_definitions() -%}
{%- endmacro %}
