{# The columns of a finding, in the one order that every model of findings has. Each argument is SQL; what is left out is null. #}

{% macro finding_columns(
    rule_id, subject, explanation, cause=none, severity=none, item_id=none, warehouse_id=none, doc_no=none, business_date=none,
    units=none, value=none, source_file=none, source_row=none
) -%}
    cast({{ rule_id }} as varchar) as rule_id,
    cast({{ subject }} as varchar) as subject,
    cast({{ severity or 'null' }} as varchar) as severity_override,
    cast({{ item_id or 'null' }} as varchar) as item_id,
    cast({{ warehouse_id or 'null' }} as varchar) as warehouse_id,
    cast({{ doc_no or 'null' }} as varchar) as doc_no,
    cast({{ business_date or 'null' }} as date) as business_date,
    {{ as_units(units or 'null') }} as variance_units,
    {{ as_value(value or 'null') }} as variance_value,
    cast({{ cause or rule_id }} as varchar) as cause,
    cast({{ explanation }} as varchar) as explanation,
    cast({{ source_file or 'null' }} as varchar) as source_file,
    cast({{ source_row or 'null' }} as bigint) as source_row
{%- endmacro %}

{# A pattern for what a phrase of `finding_phrases` describes: {n} is a number, told without trailing zeros, {t} any text. #}
{% macro phrase_pattern(phrase) -%}
    '^\Q' || replace(
        replace({{ phrase }}, '{n}', '\E(-?\d+(?:\.\d*[1-9])?)(?:\.?0*)\Q'), '{t}', '\E(.*)\Q'
    ) || '\E$'
{%- endmacro %}
