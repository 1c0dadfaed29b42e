{# The condition is true for every row; a row for which it is false or unknown is returned with its identity. #}
{% test holds(model, condition, identity) %}
select {{ identity | join(', ') }}
from {{ model }}
where not coalesce({{ condition }}, false)
{% endtest %}
