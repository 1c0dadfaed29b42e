-- As known then: what an earlier release said, what is known of that day now, and what kind of document makes the difference.
with restated_kpis as (
    select * from {{ source('ledger', 'restated_kpis') }}
),

final as (
    select
        cast(release_id as varchar) as release_id,
        cast(release_as_of_date as date) as release_as_of_date,
        cast(company_code as varchar) as company_code,
        cast(kpi as varchar) as kpi,
        cast(value_then as decimal(28, 6)) as value_then,
        cast(value_now as decimal(28, 6)) as value_now,
        cast(change as decimal(28, 6)) as change,
        cast(late_change as decimal(28, 6)) as late_change,
        cast(corrected_change as decimal(28, 6)) as corrected_change,
        cast(voided_change as decimal(28, 6)) as voided_change,
        cast(recosted_change as decimal(28, 6)) as recosted_change,
        cast(documents as bigint) as documents
    from restated_kpis
)

select * from final
