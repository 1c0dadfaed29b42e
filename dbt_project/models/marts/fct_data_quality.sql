-- Per contract and source: what came in, what became of it, and what the checks said.
with batches as (
    select * from {{ source('quality', 'landing_batches') }}
),

check_results as (
    select * from {{ source('quality', 'check_results') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

batched as (
    select
        contract,
        source_instance,
        count(*) as batches,
        sum(case when status = 'duplicate_file' then 1 else 0 end) as duplicate_files,
        sum(case when status = 'refused' then 1 else 0 end) as refused_files,
        sum(rows_in) as rows_in,
        sum(rows_loaded) as rows_loaded,
        sum(rows_quarantined) as rows_quarantined,
        sum(rows_duplicate) as rows_duplicate,
        sum(rows_excluded) as rows_excluded,
        max(extract_date) as last_extract_date
    from batches
    group by contract, source_instance
),

checked as (
    select
        contract_or_model as contract,
        count(*) as checks,
        sum(case when is_passed then 0 else 1 end) as failed_checks,
        sum(case when not is_passed and severity = 'critical' then 1 else 0 end) as failed_critical_checks
    from check_results
    group by contract_or_model
),

final as (
    select
        coalesce(batched.contract, checked.contract) as contract,
        coalesce(batched.source_instance, '') as source_instance,
        cast(coalesce(batched.batches, 0) as bigint) as batches,
        cast(coalesce(batched.duplicate_files, 0) as bigint) as duplicate_files,
        cast(coalesce(batched.refused_files, 0) as bigint) as refused_files,
        cast(coalesce(batched.rows_in, 0) as bigint) as rows_in,
        cast(coalesce(batched.rows_loaded, 0) as bigint) as rows_loaded,
        cast(coalesce(batched.rows_quarantined, 0) as bigint) as rows_quarantined,
        cast(coalesce(batched.rows_duplicate, 0) as bigint) as rows_duplicate,
        cast(coalesce(batched.rows_excluded, 0) as bigint) as rows_excluded,
        -- Only a contract without any batch has no rows to account for; a count that is missing is a gap that fails its test.
        cast(
            case
                when batched.contract is null then 0
                else
                    batched.rows_in - batched.rows_loaded - batched.rows_quarantined
                    - batched.rows_duplicate - batched.rows_excluded
            end as bigint
        ) as rows_gap,
        {{ ratio('batched.rows_quarantined', 'batched.rows_in') }} as quarantine_rate,
        cast(batched.last_extract_date as date) as last_extract_date,
        cast({{ days_between('cast(batched.last_extract_date as date)', 'run_parameters.as_of_date') }} as bigint)
            as extract_age_days,
        cast(coalesce(checked.checks, 0) as bigint) as checks,
        cast(coalesce(checked.failed_checks, 0) as bigint) as failed_checks,
        cast(coalesce(checked.failed_critical_checks, 0) as bigint) as failed_critical_checks
    from batched
    full outer join checked on batched.contract = checked.contract
    cross join run_parameters
)

select * from final
