{# Keys that every layer shares (docs/interfaces.md, Keys). #}

{# company/item, with /variant where there is one. #}
{% macro item_key(company_code, item_code, variant_key=none) -%}
    {{ company_code }} || '/' || {{ item_code }}
    {%- if variant_key is not none %} || case when {{ variant_key }} <> '' then '/' || {{ variant_key }} else '' end{% endif -%}
{%- endmacro %}

{# company/code of a warehouse or a supplier; null where there is no code. #}
{% macro company_key(company_code, code) -%}
    {{ company_code }} || '/' || {{ code }}
{%- endmacro %}

{# Stable 16-hex-digit id of a list of text parts. #}
{% macro stable_id(parts) -%}
    substr(md5(concat_ws('|', {% for part in parts %}coalesce(cast({{ part }} as varchar), ''){{ ', ' if not loop.last }}{% endfor %})), 1, 16)
{%- endmacro %}

{# Where a landed row came from: the columns with which every staging model ends. #}
{% macro envelope() -%}
        source_system,
        source_instance,
        company_code,
        batch_id,
        source_file,
        source_row,
        extract_date
{%- endmacro %}

{# Where goods are that left one warehouse and have not come to the other: one place per company, named like a warehouse. #}
{% macro transit_key(item_id) -%}
    {{ company_of(item_id) }} || '/IN-TRANSIT'
{%- endmacro %}

{# The company of an item, warehouse or supplier. #}
{% macro company_of(id) -%}
    split_part({{ id }}, '/', 1)
{%- endmacro %}
