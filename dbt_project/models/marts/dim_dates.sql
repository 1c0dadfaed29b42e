-- From the first day of the first movement's year to the end of the year after the run.
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

final as (
    select
        date_day,
        year(date_day) as year_number,
        quarter(date_day) as quarter_number,
        month(date_day) as month_number,
        {{ month_start('date_day') }} as month_start_date,
        {{ month_end('date_day') }} as month_end_date,
        cast(date_trunc('week', date_day) as date) as week_start_date,
        {{ iso_weekday('date_day') }} as iso_weekday,
        date_day = {{ month_end('date_day') }} as is_month_end,
        date_day > as_of_date as is_future
    from days
)

select * from final
