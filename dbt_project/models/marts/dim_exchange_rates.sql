-- Rates that amounts are converted with, per company, each with the days on which it holds and the row that states it.
with exchange_rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

companies as (
    select * from {{ source('control', 'companies') }}
),

final as (
    select
        exchange_rates.company_code,
        exchange_rates.currency_code,
        exchange_rates.to_currency_code,
        exchange_rates.valid_from_date,
        exchange_rates.valid_to_date,
        exchange_rates.exchange_rate,
        coalesce(companies.is_main and companies.currency_code = exchange_rates.to_currency_code, false) as is_group_rate,
        exchange_rates.source_file,
        exchange_rates.source_row
    from exchange_rates
    left join companies on exchange_rates.company_code = companies.company_code
)

select * from final
