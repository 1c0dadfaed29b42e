"""Every figure is computed again from the evidence that is shown, and must be the published one to the last digit.

Prevents: an explanation that tells another story than the mart (a changed rule, a forgotten case, other rows).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from published_demo import demo_config, demo_release
from typer.testing import CliRunner

from assets.explain.cell import explain_cell, explain_row, explainable_columns, recompute
from assets.explain.model import ExplainError, Explanation, shown, substitute
from assets.explain.recipes import RECIPES
from assets.publish.kpis import kpi_catalogue
from assets.publish.releases import Release
from orchestration.cli import app

NUMBERS = ("DECIMAL", "DOUBLE", "BIGINT", "INTEGER", "HUGEINT")

# Rows worth looking at: each query gives the keys of a few. Something is in every kind of column.
ROWS = {
    "fct_inventory_health": """(select item_id, warehouse_id from marts.fct_inventory_health where is_dead order by all limit 1)
        union (select item_id, warehouse_id from marts.fct_inventory_health where near_expiry_units > 0 order by all limit 1)
        union (select item_id, warehouse_id from marts.fct_inventory_health where value_status <> 'ok' order by all limit 1)
        union (select item_id, warehouse_id from marts.fct_inventory_health where cover_days > 180 order by all limit 1)
        union (select item_id, warehouse_id from marts.fct_inventory_health order by stockout_lines_365 desc, 1, 2 limit 1)""",
    "fct_replenishment": "select item_id, warehouse_id from marts.fct_replenishment where suggested_order_units > 0 order by all limit 2",
    "fct_stock_ageing": """select item_id, warehouse_id, snapshot_date, bucket_no from marts.fct_stock_ageing
        qualify row_number() over (partition by bucket_no, value_status order by layers desc, item_id, warehouse_id) = 1""",
    "fct_stock_balances": """select item_id, warehouse_id, valid_from_date from marts.fct_stock_balances
        qualify row_number() over (partition by value_status, on_hand_units < 0 order by valid_from_date desc, item_id) = 1""",
    "fct_turnover": """select scope, scope_value, period_kind, period_start_date from marts.fct_turnover
        where period_start_date >= '2025-07-01' and scope in ('company', 'category', 'abc_class')
        qualify row_number() over (partition by period_kind order by hash(scope || scope_value), period_start_date desc) = 1""",
    "fct_turnover_monthly": """select item_id, warehouse_id, month_start_date from marts.fct_turnover_monthly
        qualify row_number() over (partition by turnover_status order by month_start_date desc, item_id, warehouse_id) = 1""",
    "fct_turnover_rolling": """select item_id, warehouse_id, window_days from marts.fct_turnover_rolling
        qualify row_number() over (partition by turnover_status, window_days order by item_id, warehouse_id) = 1""",
}  # fmt: skip


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return demo_release(tmp_path_factory)


def explained(release: Release, mart: str) -> list[Explanation]:
    with duckdb.connect(str(release.database), read_only=True) as connection:
        cursor = connection.execute(ROWS[mart])
        names = [one[0] for one in cursor.description or ()]
        keys = [dict(zip(names, map(str, values), strict=True)) for values in cursor.fetchall()]
    assert keys, f"no row of {mart} to explain"
    return [one for key in keys for one in explain_row(release, mart, explainable_columns(release, mart), key)]


@pytest.mark.parametrize("mart", sorted(RECIPES))
def test_every_numeric_column_has_a_recipe(release: Release, mart: str) -> None:
    with duckdb.connect(str(release.database), read_only=True) as connection:
        columns = connection.execute(f"describe marts.{mart}").fetchall()
    numeric = {name for name, kind, *_ in columns if kind.startswith(NUMBERS)}
    assert numeric - set(explainable_columns(release, mart)) == set()


@pytest.mark.parametrize("mart", sorted(ROWS))
def test_the_evidence_gives_the_published_figure(release: Release, mart: str) -> None:
    cells = explained(release, mart)
    wrong = [(one.column, dict(one.key), one.value, one.recomputed) for one in cells if not one.agrees]
    assert wrong == []
    assert all(one.is_recomputed or one.inputs for one in cells)
    assert any(isinstance(one.value, Decimal | int | float) and one.value for one in cells)


def test_the_shown_evidence_is_enough_and_a_tampered_row_is_noticed(release: Release) -> None:
    """The figure is computed from the tables of the explanation, not taken from the mart a second time."""
    with duckdb.connect(str(release.database), read_only=True) as connection:
        item, warehouse = connection.execute(
            "select item_id, warehouse_id from marts.fct_inventory_health where is_dead and inventory_value > 0 order by all limit 1"
        ).fetchone() or ("", "")
    cell = explain_cell(release, "fct_inventory_health", "inventory_value", item_id=item, warehouse_id=warehouse)
    assert recompute(cell, kpi_catalogue()) == cell.value
    [entries] = [one for one in cell.evidence if one.name == "entries"]
    worth = next(at for at, value in enumerate(entries.rows["entry_value"].to_pylist()) if value)
    fewer = replace(entries, rows=pa.concat_tables([entries.rows.slice(0, worth), entries.rows.slice(worth + 1)]))
    shorter = replace(cell, evidence=tuple(fewer if one.name == "entries" else one for one in cell.evidence))
    assert recompute(shorter, kpi_catalogue()) != cell.value


def test_layers_and_movements_lead_to_file_and_row(release: Release) -> None:
    cells = {one.column: one for one in explained(release, "fct_stock_ageing")}
    layers = cells["stock_value"].evidence[0].rows.to_pylist()
    assert layers and all(row["origin_source_file"] and row["origin_source_row"] > 0 for row in layers)
    assert cells["stock_value"].sources()
    assert "fct_stock_ageing" not in cells["stock_value"].formula and cells["stock_value"].formula


def test_a_cell_that_does_not_exist_is_refused_in_one_sentence(release: Release) -> None:
    for mart, column, key, words in (
        ("fct_nothing", "x", {}, "has no mart fct_nothing"),
        ("fct_stock_ageing", "x", {}, "has no column x"),
        ("fct_stock_ageing", "layers", {"item_id": "no/such"}, "has no row with item_id no/such"),
        ("fct_stock_ageing", "layers", {"colour": "red"}, "its key is item_id, warehouse_id, snapshot_date, bucket_no"),
        ("fct_turnover", "gmroi", {"scope": "company"}, "say which with --key NAME=VALUE"),
    ):
        with pytest.raises(ExplainError, match=words):
            explain_row(release, mart, (column,), key)


def test_numbers_take_the_place_of_names() -> None:
    numbers = {"value": Decimal("12.5000"), "value_days": 3, "status": "ok", "rate": 0.25, "gone": None}
    text = substitute("case when status = 'value' then value / value_days * rate + gone end", numbers)
    assert text == "case when 'ok' = 'value' then 12.5 / 3 * 0.25 + null end"
    assert [shown(value) for value in (True, Decimal("100"), "a", None)] == ["true", "100", "'a'", "null"]


def test_the_command_shows_formula_numbers_rows_and_refuses_what_is_not_there(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    config, release = str(demo_config(tmp_path_factory)), demo_release(tmp_path_factory)
    with duckdb.connect(str(release.database), read_only=True) as connection:
        item, warehouse, bucket, value = connection.execute(
            """select item_id, warehouse_id, bucket_no, stock_value from marts.fct_stock_ageing
               where snapshot_date = $1 and stock_value > 0 limit 1""",
            [release.as_of],
        ).fetchone() or ("", "", 0, None)
    arguments = ["explain", "-c", config, "--mart", "fct_stock_ageing", "--item", item, "--warehouse", warehouse]
    arguments += ["--lang", "en"]  # the demo company uses Chinese
    told = CliRunner().invoke(
        app, [*arguments, "--column", "stock_value", "--key", f"bucket_no={bucket}", "--release", "current"]
    )
    assert told.exit_code == 0, told.output
    for words in (
        f"= {shown(value)} currency",
        "equal to the published figure",
        "Open layers",
        "stock_movements",
        "source rows in",
    ):
        assert words in told.output, words
    own = CliRunner().invoke(app, [*arguments[:-2], "--column", "stock_value", "--key", f"bucket_no={bucket}"])
    assert own.exit_code == 0 and "未结库存层" in own.output and "与发布值一致" in own.output
    refused = CliRunner().invoke(app, [*arguments, "--column", "no_such"])
    assert refused.exit_code == 2
