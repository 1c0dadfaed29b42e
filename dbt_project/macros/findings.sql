{# The columns of a finding, in the one order that every model of findings has. Each argument is SQL; what is left out is null. #}

{% macro finding_columns(
    rule_id, subject, message, cause=none, severity=none, item_id=none, warehouse_id=none, doc_no=none, business_date=none,
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
    cast({{ message }} as varchar) as message,
    cast({{ source_file or 'null' }} as varchar) as source_file,
    cast({{ source_row or 'null' }} as bigint) as source_row
{%- endmacro %}

{# What a finding says: the id of a message of the seed `finding_messages` (SQL) and the values of its places, in one text. A model
   never writes a sentence: fct_findings and rec_differences fill the sentences of both languages. #}
{% macro message(message_id, values=[]) -%}
    concat_ws(chr(31), {{ message_id }}
    {%- for value in values %}, coalesce(cast({{ value }} as varchar), ''){% endfor %})
{%- endmacro %}

{# A number without the zeros after its last digit, as people write it; 1.5e+20 stays as it is. #}
{% macro number_text(number) -%}
    case
        when cast({{ number }} as varchar) like '%.%' and cast({{ number }} as varchar) not like '%e%' then rtrim(rtrim(cast({{ number }} as varchar), '0'), '.')
        else cast({{ number }} as varchar)
    end
{%- endmacro %}

{# The id within a message. #}
{% macro message_id(message) -%}
    split_part({{ message }}, chr(31), 1)
{%- endmacro %}

{# A sentence of `finding_messages` with the values of a message in its places; no sentence has more than seven. #}
{% macro filled_message(sentence, message) -%}
    {%- for place in range(1, 8) %}replace({% endfor -%}
    {{ sentence }}
    {%- for place in range(1, 8) %}, '{{ '{' }}{{ place }}{{ '}' }}', split_part({{ message }}, chr(31), {{ place + 1 }})){% endfor %}
{%- endmacro %}
