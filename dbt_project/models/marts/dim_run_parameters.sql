-- The settings that a figure was computed under are beside it, so that a past release explains itself.
with run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

final as (
    select
        cast(as_of_date as date) as as_of_date,
        cast(currency as varchar) as currency,
        cast(timezone as varchar) as timezone,
        cast(ageing_mode as varchar) as ageing_mode,
        cast(dead_days as bigint) as dead_days,
        cast(long_dead_days as bigint) as long_dead_days,
        cast(new_item_guard_days as bigint) as new_item_guard_days,
        cast(demand_frequency as varchar) as demand_frequency,
        cast(abc_a_rate as double) as abc_a_rate,
        cast(abc_b_rate as double) as abc_b_rate,
        cast(count_tolerance_a_rate as double) as count_tolerance_a_rate,
        cast(count_tolerance_b_rate as double) as count_tolerance_b_rate,
        cast(count_tolerance_c_rate as double) as count_tolerance_c_rate,
        cast(late_document_days as bigint) as late_document_days,
        cast(transit_days as bigint) as transit_days,
        cast(stale_snapshot_days as bigint) as stale_snapshot_days,
        cast(carrying_storage_rate as double) as carrying_storage_rate,
        cast(carrying_capital_rate as double) as carrying_capital_rate,
        cast(carrying_insurance_rate as double) as carrying_insurance_rate,
        cast(carrying_shrinkage_rate as double) as carrying_shrinkage_rate
    from run_parameters
)

select * from final
