-- Every day of the calendar: what the semantic layer joins cumulative and missing periods to.
{{ config(schema='semantic', materialized='view') }}

with dates as (
    select * from {{ ref('dim_dates') }}
),

final as (
    select date_day from dates
)

select * from final
