-- Companies of the run, the currency of their books, and what it is worth in the currency of the group (the main company's).
with companies as (
    select * from {{ source('control', 'companies') }}
),

feeds as (
    select * from {{ ref('int_company_feeds') }}
),

exchange_rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

main_company as (
    select * from companies
    where is_main
),

-- A company whose source is no longer in the configuration is still in the books; its currency is then unknown.
known as (
    select
        company_code,
        company_name,
        currency_code,
        is_main
    from companies
    union all
    select
        feeds.company_code,
        feeds.company_code as company_name,
        cast(null as varchar) as currency_code,
        false as is_main
    from feeds
    left join companies on feeds.company_code = companies.company_code
    where companies.company_code is null
),

final as (
    select
        known.company_code,
        cast(known.company_name as varchar) as company_name,
        cast(known.currency_code as varchar) as currency_code,
        known.is_main,
        main_company.company_code as main_company_code,
        main_company.currency_code as group_currency_code,
        cast(
            case when known.currency_code = main_company.currency_code then 1 else exchange_rates.exchange_rate end as decimal(28, 10)
        ) as group_exchange_rate,
        case
            when known.currency_code = main_company.currency_code or exchange_rates.exchange_rate is not null then 'ok'
            else {{ no_rate_status('known.currency_code', 'main_company.currency_code', 'run_parameters.as_of_date') }}
        end as group_rate_status
    from known
    cross join main_company
    cross join run_parameters
    left join exchange_rates
        on
            main_company.company_code = exchange_rates.company_code
            and known.currency_code = exchange_rates.currency_code
            and main_company.currency_code = exchange_rates.to_currency_code
            and run_parameters.as_of_date between exchange_rates.valid_from_date and exchange_rates.valid_to_date
)

select * from final
