-- The period of every day, per company: what dated rows are joined with to be summed by period.
with periods as (
    select * from {{ ref('int_fiscal_periods') }}
),

final as (
    select
        company_code,
        cast({{ unnest_days('period_start_date', 'period_end_date') }} as date) as date_day,
        period_start_date,
        period_end_date
    from periods
)

select * from final
