{#
    Every column of a contract as staging passes it on, in the contract's order. Which columns there are, and which of them are amounts, is given by
    the contract (assets/ingest/contracts) and reaches dbt with the source (models/staging/_contracts.yml): a column that a contract gains is here.

    - Amounts of a contract that names a currency come in company currency; before `currency_code` they follow as the document has them.
    - `in_base_units` is the quantity that may have been entered in another unit (macros/base_units.sql).
#}
{% macro contract_columns(contract, in_base_units=none) -%}
    {%- set columns = (graph.sources.values() | selectattr('unique_id', 'equalto', 'source.stockturn.landing.' ~ contract) | first).columns
        if execute else {} -%}
    {%- set amounts = [] -%}
    {%- for column in columns.values() if not column.meta.is_envelope -%}
        {%- if column.name == 'currency_code' -%}
            {%- for amount in amounts -%}
                {{ amount }} as document_{{ amount }},
        {% endfor -%}
            {{ document_currency() }} as currency_code,
        exchange_rate
        {%- elif column.meta.unit.startswith('currency') and 'currency_code' in columns -%}
            {%- do amounts.append(column.name) -%}
            {{ in_company_currency(column.name, column.data_type) }} as {{ column.name }}
        {%- elif column.name == in_base_units -%}
            coalesce({{ column.name }}, entered_base_units) as {{ column.name }}
        {%- else -%}
            {{ column.name }}
        {%- endif -%}
        {%- if not loop.last -%},
        {% endif -%}
    {%- else -%}
        *
    {%- endfor -%}
{%- endmacro %}
