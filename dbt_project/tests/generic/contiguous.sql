{# Intervals of one grain follow each other without gap or overlap, up to the date of the run. #}
{% test contiguous(model, grain) %}
with intervals as (
    select
        {{ grain | join(', ') }},
        valid_from_date,
        valid_to_date,
        lead(valid_from_date) over (partition by {{ grain | join(', ') }} order by valid_from_date) as next_from_date
    from {{ model }}
)

select intervals.*
from intervals
cross join {{ source('control', 'run_parameters') }} as run_parameters
where
    intervals.valid_to_date < intervals.valid_from_date
    or {{ add_days('intervals.valid_to_date', 1) }}
    <> coalesce(intervals.next_from_date, {{ add_days('run_parameters.as_of_date', 1) }})
{% endtest %}
