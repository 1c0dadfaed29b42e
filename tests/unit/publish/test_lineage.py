"""Formula and sources of a column, read from SQL like that of the models."""

from __future__ import annotations

from assets.publish.lineage import column_origins, renderer

MACROS = {
    "macro.shop.ratio": {
        "name": "ratio",
        "macro_sql": "{% macro ratio(a, b) %}round({{ a }} / nullif({{ b }}, 0), 6){% endmacro %}",
    },
    "macro.shop.days": {
        "name": "days",
        "macro_sql": "{% macro days(a, b) %}{{ return(adapter.dispatch('days')(a, b)) }}{% endmacro %}"
        "{% macro default__days(a, b) %}datediff({{ b }}, {{ a }}){% endmacro %}"
        "{% macro duckdb__days(a, b) %}date_diff('day', {{ a }}, {{ b }}){% endmacro %}",
    },
    "macro.dbt.other": {"name": "other", "macro_sql": "{% macro other() %}{{ unknown.thing }}{% endmacro %}"},
}
TABLES = {"fct_sales": ["item_id", "cogs", "day"], "control.run": ["as_of"], "dim_items": ["item_id", "name"]}
SQL = """
with fct_sales as (select * from {{ ref('fct_sales') }}),
run as (select * from {{ source('control', 'run') }}),
aged as (
    select fct_sales.*, {{ days('fct_sales.day', 'run.as_of') }} as age_days
    from fct_sales cross join run
),
final as (
    select
        aged.item_id,
        items.name as item_name,
        aged.age_days,
        {{ ratio('sum(aged.cogs)', 'count(*)') }} as mean_cogs,
        {% for n in [1, 2] %} aged.cogs * {{ n }} as times_{{ n }}, {% endfor %}
        'fixed' as kind
    from aged left join {{ ref('dim_items') }} as items on aged.item_id = items.item_id
)
select * from final
"""


def test_a_column_is_followed_to_the_tables_that_the_model_reads() -> None:
    found = column_origins(renderer(MACROS, "shop"), SQL, TABLES)
    assert list(found) == ["item_id", "item_name", "age_days", "mean_cogs", "times_1", "times_2", "kind"]
    assert found["item_id"].formula == "" and found["item_id"].sources == ("fct_sales.item_id",)
    assert found["item_name"].sources == ("dim_items.name",)
    assert found["age_days"].formula == "DATE_DIFF('DAY', day, as_of)"
    assert found["age_days"].sources == ("control.run.as_of", "fct_sales.day")
    assert found["mean_cogs"].formula == "ROUND(SUM(cogs) / NULLIF(COUNT(*), 0), 6)"
    assert found["times_2"].formula == "cogs * 2"
    assert found["kind"].sources == () and found["kind"].formula == "'fixed'"


def test_branches_of_a_union_give_all_sources_and_no_single_formula() -> None:
    union = "select item_id, 1 as n from fct_sales union all select item_id, 2 as n from dim_items"
    sql = f"with u as ({union}) select * from u"
    found = column_origins(renderer(MACROS, "shop"), sql, TABLES)
    assert found["item_id"].sources == ("dim_items.item_id", "fct_sales.item_id")
    assert found["n"].formula == ""
