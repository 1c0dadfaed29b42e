-- The KPI catalogue as a table, so that a reader of a release finds beside a figure what it means.
with final as (
    {{ kpi_definitions() }}
)

select * from final
