{# Every row of the model finds its row in the other; prints the keys that do not. Null keys are not compared. #}
{% test covers(model, other, columns) %}
select distinct
    {% for column in columns -%} model_rows.{{ column }}{{ ', ' if not loop.last }} {%- endfor %}
from {{ model }} as model_rows
left join {{ other }} as other_rows
    on {% for column in columns -%} model_rows.{{ column }} = other_rows.{{ column }}{{ ' and ' if not loop.last }} {%- endfor %}
where
    other_rows.{{ columns[0] }} is null
    {% for column in columns -%} and model_rows.{{ column }} is not null {% endfor %}
{% endtest %}
