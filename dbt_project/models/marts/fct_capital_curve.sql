with capital_curve as (
    select * from {{ source('planning', 'capital_curve') }}
),

final as (
    select
        cast(curve as varchar) as curve,
        cast(point_no as bigint) as point_no,
        {{ as_value('invested_value') }} as invested_value,
        round(cast(fill_rate as double), 6) as fill_rate,
        round(cast(setting_rate as double), 6) as setting_rate
    from capital_curve
)

select * from final
