{# The columns together are complete and unique: one query for what not_null and unique would ask separately. Empty text is a value. #}
{% test grain(model, columns) %}
select {{ columns | join(', ') }}, count(*) as occurrences
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {% for column in columns -%} or {{ column }} is null {% endfor %}
{% endtest %}
