{# Calendar arithmetic. Everything a dialect spells differently about dates lives here and nowhere else. #}

{# Whole days from start to end; negative when end is the earlier one. #}
{% macro days_between(start_date, end_date) -%}
    {{ adapter.dispatch('days_between')(start_date, end_date) }}
{%- endmacro %}

{% macro default__days_between(start_date, end_date) -%}
    datediff({{ end_date }}, {{ start_date }})
{%- endmacro %}

{% macro duckdb__days_between(start_date, end_date) -%}
    date_diff('day', {{ start_date }}, {{ end_date }})
{%- endmacro %}

{# The date so many days later. #}
{% macro add_days(start_date, days) -%}
    {{ adapter.dispatch('add_days')(start_date, days) }}
{%- endmacro %}

{% macro default__add_days(start_date, days) -%}
    date_add({{ start_date }}, cast({{ days }} as int))
{%- endmacro %}

{% macro duckdb__add_days(start_date, days) -%}
    ({{ start_date }} + cast({{ days }} as integer))
{%- endmacro %}

{# First of the 365 days that end on a day: the window of every yearly figure, said once. #}
{% macro window_start(end_date) -%}
    {{ add_days(end_date, -364) }}
{%- endmacro %}

{# First day of the month of a date. #}
{% macro month_start(a_date) -%}
    cast(date_trunc('month', {{ a_date }}) as date)
{%- endmacro %}

{# Last day of the month of a date. #}
{% macro month_end(a_date) -%}
    last_day({{ a_date }})
{%- endmacro %}

{# The local calendar day of an instant. #}
{% macro local_date(instant, timezone) -%}
    {{ adapter.dispatch('local_date')(instant, timezone) }}
{%- endmacro %}

{% macro default__local_date(instant, timezone) -%}
    cast(from_utc_timestamp({{ instant }}, {{ timezone }}) as date)
{%- endmacro %}

{% macro duckdb__local_date(instant, timezone) -%}
    cast({{ instant }} at time zone {{ timezone }} as date)
{%- endmacro %}

{# One row per month start between two dates, to be used in a select list. #}
{% macro unnest_months(from_date, to_date) -%}
    {{ adapter.dispatch('unnest_months')(from_date, to_date) }}
{%- endmacro %}

{% macro default__unnest_months(from_date, to_date) -%}
    explode(sequence(date_trunc('month', {{ from_date }}), date_trunc('month', {{ to_date }}), interval 1 month))
{%- endmacro %}

{% macro duckdb__unnest_months(from_date, to_date) -%}
    unnest(generate_series(date_trunc('month', {{ from_date }}), date_trunc('month', {{ to_date }}), interval 1 month))
{%- endmacro %}

{# One row per day between two dates, to be used in a select list. #}
{% macro unnest_days(from_date, to_date) -%}
    {{ adapter.dispatch('unnest_days')(from_date, to_date) }}
{%- endmacro %}

{% macro default__unnest_days(from_date, to_date) -%}
    explode(sequence({{ from_date }}, {{ to_date }}, interval 1 day))
{%- endmacro %}

{% macro duckdb__unnest_days(from_date, to_date) -%}
    unnest(generate_series({{ from_date }}, {{ to_date }}, interval 1 day))
{%- endmacro %}

{# ISO day of the week, Monday = 1. #}
{% macro iso_weekday(a_date) -%}
    {{ adapter.dispatch('iso_weekday')(a_date) }}
{%- endmacro %}

{% macro default__iso_weekday(a_date) -%}
    (weekday({{ a_date }}) + 1)
{%- endmacro %}

{% macro duckdb__iso_weekday(a_date) -%}
    isodow({{ a_date }})
{%- endmacro %}

{# The date with day and month exchanged; null where that is no date, or the same one. #}
{% macro swapped_date(a_date) -%}
    case
        when extract(day from {{ a_date }}) <= 12 and extract(day from {{ a_date }}) <> extract(month from {{ a_date }})
            then make_date(
                cast(extract(year from {{ a_date }}) as integer),
                cast(extract(day from {{ a_date }}) as integer),
                cast(extract(month from {{ a_date }}) as integer)
            )
    end
{%- endmacro %}
