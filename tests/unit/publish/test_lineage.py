"""Formula and sources of a column, read from SQL as dbt compiles it."""

from __future__ import annotations

from assets.publish.lineage import column_origins, relation_names

MANIFEST = {
    "nodes": {
        "model.shop.fct_sales": {
            "resource_type": "model", "name": "fct_sales", "relation_name": '"warehouse"."marts"."fct_sales_v2"',
        },
        "model.shop.dim_items": {
            "resource_type": "model", "name": "dim_items", "relation_name": '"warehouse"."marts"."dim_items"',
        },
        "model.shop.step": {"resource_type": "model", "name": "step", "relation_name": None},
    },
    "sources": {
        "source.shop.control.run": {
            "resource_type": "source", "source_name": "control", "name": "run",
            "relation_name": '"warehouse"."control"."run"',
        }
    },
}  # fmt: skip
TABLES = {"fct_sales": ["item_id", "cogs", "day"], "control.run": ["as_of"], "dim_items": ["item_id", "name"]}
SQL = """
with __dbt__cte__step as (select item_id, cogs, day from "warehouse"."marts"."fct_sales_v2"),
fct_sales as (select * from __dbt__cte__step),
run as (select * from "warehouse"."control"."run"),
aged as (
    select fct_sales.*, date_diff('day', fct_sales.day, run.as_of) as age_days
    from fct_sales cross join run
),
final as (
    select
        aged.item_id,
        items.name as item_name,
        aged.age_days,
        round(sum(aged.cogs) / nullif(count(*), 0), 6) as mean_cogs,
        aged.cogs * 2 as times_2,
        'fixed' as kind
    from aged left join "warehouse"."marts"."dim_items" as items on aged.item_id = items.item_id
)
select * from final
"""


def test_a_column_is_followed_to_the_tables_that_the_model_reads() -> None:
    """An ephemeral model is a CTE of the compiled SQL; a model with an alias is named as the project names it."""
    found = column_origins(SQL, relation_names(MANIFEST), TABLES)
    assert list(found) == ["item_id", "item_name", "age_days", "mean_cogs", "times_2", "kind"]
    assert found["item_id"].formula == "" and found["item_id"].sources == ("fct_sales.item_id",)
    assert found["item_name"].sources == ("dim_items.name",)
    assert found["age_days"].formula == "DATE_DIFF('DAY', day, as_of)"
    assert found["age_days"].sources == ("control.run.as_of", "fct_sales.day")
    assert found["mean_cogs"].formula == "ROUND(SUM(cogs) / NULLIF(COUNT(*), 0), 6)"
    assert found["times_2"].formula == "cogs * 2"
    assert found["kind"].sources == () and found["kind"].formula == "'fixed'"


def test_branches_of_a_union_give_all_sources_and_no_single_formula() -> None:
    union = """select item_id, 1 as n from "warehouse"."marts"."fct_sales_v2"
               union all select item_id, 2 as n from "warehouse"."marts"."dim_items\""""
    found = column_origins(f"with u as ({union}) select * from u", relation_names(MANIFEST), TABLES)
    assert found["item_id"].sources == ("dim_items.item_id", "fct_sales.item_id")
    assert found["n"].formula == ""
