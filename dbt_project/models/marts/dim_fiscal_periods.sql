-- The calendar of each company from the year before its first movement on: its accounting periods, calendar months where none are stated.
with periods as (
    select * from {{ ref('int_fiscal_periods') }}
),

movements as (
    select * from {{ ref('int_stock_movements') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

span as (
    select coalesce((select min(movements.business_date) from movements), run_parameters.as_of_date) as first_date
    from run_parameters
),

final as (
    select
        periods.company_code,
        periods.period_start_date,
        periods.period_end_date,
        cast({{ days_between('periods.period_start_date', 'periods.period_end_date') }} + 1 as bigint) as period_days,
        periods.period_name,
        periods.fiscal_year,
        periods.fiscal_quarter,
        periods.period_number,
        periods.quarter_start_date,
        periods.year_start_date,
        periods.period_basis,
        periods.source_file,
        periods.source_row
    from periods
    cross join span
    where periods.period_end_date >= make_date(cast(year(span.first_date) - 1 as integer), 1, 1)
)

select * from final
