{# How new the extracts of a contract are, as an instant: the run may be for a past day, so the days between the newest extract and that day are counted back from now. What no source feeds is not stale. #}
{% macro latest_extract_at(contract) -%}
select
    cast(current_timestamp as timestamp)
    - to_days(cast(coalesce(date_diff('day', max(batches.extract_date), max(run_parameters.as_of_date)), 0) as integer))
from {{ source('control', 'run_parameters') }} as run_parameters
left join {{ source('quality', 'landing_batches') }} as batches
    on
        batches.contract = '{{ contract }}' and batches.status = 'loaded'
        and batches.extract_date <= run_parameters.as_of_date
{%- endmacro %}


{# When a stage of the run last wrote its tables (assets/stages.py). #}
{% macro stage_finished_at(stage) -%}
select cast(max(finished_at) as timestamp) from control.stage_days where stage = '{{ stage }}'
{%- endmacro %}
