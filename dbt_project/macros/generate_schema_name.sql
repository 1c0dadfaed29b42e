{# The bare schema of the folder, without the target's prefix: docs/interfaces.md names schemas, and asset keys are [schema, model]. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name is not none else target.schema }}
{%- endmacro %}
