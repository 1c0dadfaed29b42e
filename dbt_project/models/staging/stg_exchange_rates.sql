-- Rates per company and pair of currencies, each with the days on which it holds: until the next one, or its own last day.
with source as (
    select * from {{ source('landing', 'exchange_rate') }}
),

companies as (
    select * from {{ source('control', 'companies') }}
),

-- Two systems of a company may state the same rate; the one extracted last counts.
rates as (
    select
        source.company_code,
        {{ iso_currency('source.currency_code') }} as currency_code,
        coalesce({{ iso_currency('source.to_currency_code') }}, companies.currency_code) as to_currency_code,
        source.valid_from_date,
        source.valid_to_date,
        source.exchange_rate,
        source.source_system,
        source.source_instance,
        source.batch_id,
        source.source_file,
        source.source_row,
        source.extract_date,
        row_number() over (
            partition by
                source.company_code, {{ iso_currency('source.currency_code') }},
                coalesce({{ iso_currency('source.to_currency_code') }}, companies.currency_code), source.valid_from_date
            order by source.extract_date desc, source.source_instance asc, source.source_key asc
        ) as place
    from source
    left join companies on source.company_code = companies.company_code
    where source.exchange_rate > 0
),

chosen as (
    select
        *,
        lead(valid_from_date) over (partition by company_code, currency_code, to_currency_code order by valid_from_date) as next_from_date
    from rates
    where place = 1
),

final as (
    select
        currency_code,
        to_currency_code,
        valid_from_date,
        least(
            coalesce(valid_to_date, cast('9999-12-31' as date)),
            coalesce({{ add_days('next_from_date', -1) }}, cast('9999-12-31' as date))
        ) as valid_to_date,
        exchange_rate,
        {{ envelope() }}
    from chosen
)

select * from final
