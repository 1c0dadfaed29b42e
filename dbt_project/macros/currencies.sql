{# Currencies: one home for how amounts of documents become amounts of the company, and amounts of companies those of the group. #}

{# ISO 4217 code of a currency as systems write it; names that Chinese systems use are read. #}
{% macro iso_currency(currency) -%}
    case upper(trim({{ currency }}))
        {%- for iso, names in {
            'CNY': ['RMB', '人民币', '¥', '￥'], 'USD': ['US$', '$', '美元'], 'EUR': ['欧元', '€'], 'JPY': ['日元', '日圆'],
            'HKD': ['HK$', '港币', '港元'], 'GBP': ['英镑', '£'], 'TWD': ['NT$', '新台币'], 'KRW': ['韩元', '韩币'],
        }.items() %}
            {%- for name in names %}
                when '{{ name }}' then '{{ iso }}'
            {%- endfor %}
        {%- endfor %}
        when '' then null
        else upper(trim({{ currency }}))
    end
{%- endmacro %}

{# Landed rows with what one unit of their currency was worth in the company's own on the row's day: 1 where the document names no
   currency or the company's, null where the company has no rate for that day. #}
{% macro with_exchange_rate(relation, date_column) -%}
    select
        {{ relation }}.*,
        companies.currency_code as company_currency_code,
        cast(case
            when {{ relation }}.currency_code is null then 1
            when {{ iso_currency(relation ~ '.currency_code') }} = companies.currency_code then 1
            else rates.exchange_rate
        end as decimal(28, 10)) as exchange_rate
    from {{ relation }}
    left join {{ source('control', 'companies') }} as companies on {{ relation }}.company_code = companies.company_code
    left join {{ ref('stg_exchange_rates') }} as rates
        on
            {{ relation }}.company_code = rates.company_code
            and {{ iso_currency(relation ~ '.currency_code') }} = rates.currency_code
            and companies.currency_code = rates.to_currency_code
            and {{ relation }}.{{ date_column }} between rates.valid_from_date and rates.valid_to_date
{%- endmacro %}

{# An amount of such a row in the company's currency; null, never the foreign figure, where there is no rate. #}
{% macro in_company_currency(amount, type) -%}
    cast(case when exchange_rate = 1 then {{ amount }} else {{ amount }} * exchange_rate end as {{ type }})
{%- endmacro %}

{# The currency of such a row's amounts. #}
{% macro document_currency() -%}
    coalesce({{ iso_currency('currency_code') }}, company_currency_code)
{%- endmacro %}

{# Why a group has no figure in one currency. #}
{% macro no_rate_status(currency_code, to_currency_code, on_date) -%}
    'not_available: no exchange rate from ' || coalesce({{ currency_code }}, 'an unknown currency') || ' to ' || {{ to_currency_code }}
    || ' on ' || cast({{ on_date }} as varchar)
{%- endmacro %}

{#
    Of planning results that are one sum over all companies: 'ok', or why there is no amount. `companies` is dim_companies; a company whose
    currency is not stated counts as another one.
#}
{% macro one_currency(companies) -%}
    select
        case
            when count(distinct coalesce(currency_code, company_code)) > 1 then 'not_available: companies of several currencies'
            else 'ok'
        end as value_status
    from {{ companies }}
{%- endmacro %}
