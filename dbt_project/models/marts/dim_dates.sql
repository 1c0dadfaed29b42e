-- From the first day of the first movement's year to the end of the year after the run; the fiscal periods are those of the main company
-- (dim_fiscal_periods has every company's).
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

span as (
    select
        run_parameters.as_of_date,
        cast(date_trunc('year', coalesce(
            (select min(movements.business_date) from movements), run_parameters.as_of_date
        )) as date) as from_date
    from run_parameters
),

days as (
    select
        as_of_date,
        cast({{ unnest_days('from_date', "make_date(year(as_of_date) + 1, 12, 31)") }} as date) as date_day
    from span
),

main_periods as (
    select periods.*
    from {{ ref('int_fiscal_periods') }} as periods
    inner join {{ source('control', 'companies') }} as companies on periods.company_code = companies.company_code
    where companies.is_main
),

final as (
    select
        days.date_day,
        year(days.date_day) as year_number,
        quarter(days.date_day) as quarter_number,
        month(days.date_day) as month_number,
        {{ month_start('days.date_day') }} as month_start_date,
        {{ month_end('days.date_day') }} as month_end_date,
        cast(date_trunc('week', days.date_day) as date) as week_start_date,
        {{ iso_weekday('days.date_day') }} as iso_weekday,
        days.date_day = {{ month_end('days.date_day') }} as is_month_end,
        days.date_day > days.as_of_date as is_future,
        coalesce(main_periods.fiscal_year, year(days.date_day)) as fiscal_year,
        coalesce(main_periods.fiscal_quarter, quarter(days.date_day)) as fiscal_quarter,
        coalesce(main_periods.period_number, month(days.date_day)) as fiscal_period_number,
        coalesce(main_periods.period_start_date, {{ month_start('days.date_day') }}) as fiscal_period_start_date,
        coalesce(main_periods.period_end_date, {{ month_end('days.date_day') }}) as fiscal_period_end_date,
        days.date_day = coalesce(main_periods.period_end_date, {{ month_end('days.date_day') }}) as is_fiscal_period_end
    from days
    left join main_periods on days.date_day between main_periods.period_start_date and main_periods.period_end_date
)

select * from final
