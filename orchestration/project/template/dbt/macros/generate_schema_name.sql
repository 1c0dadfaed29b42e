{# dbt asks the top project only: schemas are named as the product names them. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ stockturn.generate_schema_name(custom_schema_name, node) }}
{%- endmacro %}
