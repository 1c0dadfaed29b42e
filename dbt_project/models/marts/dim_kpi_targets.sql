-- The targets that attainment was measured against are beside it.
with kpi_targets as (
    select * from {{ source('control', 'kpi_targets') }}
),

final as (
    select
        cast(kpi as varchar) as kpi,
        cast(scope as varchar) as scope,
        coalesce(cast(scope_value as varchar), '') as scope_value,
        cast(target_rate as double) as target_rate,
        cast(floor_rate as double) as floor_rate,
        cast(ceiling_rate as double) as ceiling_rate,
        cast(owner_name as varchar) as owner_name
    from kpi_targets
)

select * from final
