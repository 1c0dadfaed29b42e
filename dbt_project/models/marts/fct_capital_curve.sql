-- Over all companies of the run; amounts of companies in several currencies are refused, not added, and so is what they weigh.
with capital_curve as (
    select * from {{ source('planning', 'capital_curve') }}
),

companies as (
    select * from {{ ref('dim_companies') }}
),

currencies as (
    {{ one_currency('companies') }}
),

final as (
    select
        cast(capital_curve.curve as varchar) as curve,
        cast(capital_curve.point_no as bigint) as point_no,
        case when currencies.value_status = 'ok' then {{ as_value('capital_curve.invested_value') }} end as invested_value,
        case when currencies.value_status = 'ok' then round(cast(capital_curve.fill_rate as double), 6) end as fill_rate,
        round(cast(capital_curve.setting_rate as double), 6) as setting_rate,
        currencies.value_status
    from capital_curve
    cross join currencies
)

select * from final
