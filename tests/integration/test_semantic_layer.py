"""The semantic layer, asked through MetricFlow, gives the marts' own numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from published_demo import demo_release

from assets.publish.releases import Release
from orchestration.dbt_runner import manifest_path

metricflow = pytest.importorskip("metricflow.engine.metricflow_engine", reason="metricflow is a development dependency")


class DuckDBClient:
    """What MetricFlow needs to know of an engine in order to write SQL for it; the test runs the SQL itself."""

    def __init__(self) -> None:
        from metricflow.protocols.sql_client import SqlEngine
        from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer

        self.sql_engine_type = SqlEngine.DUCKDB
        self.sql_plan_renderer = DuckDbSqlPlanRenderer()

    def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
        return f"${bind_parameter_key}"


@pytest.fixture(scope="module")
def engine() -> Any:
    from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    text = (manifest_path().parent / "semantic_manifest.json").read_text(encoding="utf-8")
    lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(text))
    return metricflow.MetricFlowEngine(lookup, DuckDBClient())


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory, engine: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """The release under the name of the database that the project was parsed with, with the calendar view."""
    release: Release = demo_release(tmp_path_factory)
    sql = _sql(engine, ["inventory_capital"], [])
    database = sql.split('"')[1]
    with duckdb.connect() as connection:
        connection.execute(f"attach '{release.database}' as {database} (read_only)")
        yield connection


def _sql(engine: Any, metrics: list[str], by: list[str]) -> str:
    request = metricflow.MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=by or None)
    return str(engine.explain(request).sql_statement.sql)


def _ask(engine: Any, connection: duckdb.DuckDBPyConnection, metrics: list[str], by: list[str]) -> list[dict[str, Any]]:
    return connection.execute(_sql(engine, metrics, by)).to_arrow_table().to_pylist()


def _marts(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    row = connection.execute("select database_name from duckdb_databases() where readonly and not internal").fetchone()
    assert row is not None
    connection.execute(f"use {row[0]}.marts")
    return connection.execute(sql).fetchall()


CONTRACT = [
    "inventory_capital",
    "inventory_turnover",
    "days_inventory_outstanding",
    "dead_stock_rate",
    "long_dead_stock_rate",
    "slow_moving_rate",
    "near_expiry_rate",
    "excess_rate",
    "stockout_line_rate",
    "fill_rate",
]


@pytest.mark.parametrize("metric", CONTRACT)
def test_company_figures_are_those_of_the_kpi_mart(
    metric: str, engine: Any, connection: duckdb.DuckDBPyConnection
) -> None:
    [asked] = _ask(engine, connection, [metric], [])
    found = _marts(
        connection, f"select kpi_value, kpi_status from fct_kpi_summary where scope = 'company' and kpi = '{metric}'"
    )
    assert len(found) == 1 and found[0][1] == "ok"
    assert float(asked[metric]) == pytest.approx(found[0][0], abs=1e-6)  # the mart rounds ratios to six digits


@pytest.mark.parametrize("metric", ["inventory_turnover", "dead_stock_rate", "inventory_capital"])
def test_category_figures_are_those_of_the_kpi_mart(
    metric: str, engine: Any, connection: duckdb.DuckDBPyConnection
) -> None:
    """A mean of ratios would agree for the company at most."""
    asked = {
        row["item_warehouse_state__category_name"]: row[metric]
        for row in _ask(engine, connection, [metric], ["item_warehouse_state__category_name"])
    }
    found = dict(
        _marts(
            connection,
            f"""select nullif(scope_value, ''), kpi_value from fct_kpi_summary
                where scope = 'category' and kpi = '{metric}' and kpi_status = 'ok'""",
        )
    )
    assert len(found) >= 3
    for category, value in found.items():
        assert float(asked[category]) == pytest.approx(value, abs=1e-4)


def test_months_add_up(engine: Any, connection: duckdb.DuckDBPyConnection) -> None:
    asked = _ask(engine, connection, ["monthly_inventory_turnover"], ["turnover_month__month_start_date__month"])
    found = _marts(
        connection,
        """select sum(cogs_value) * 365 / sum(average_inventory_value * period_days) from fct_turnover_monthly
           where turnover_status in ('ok', 'no_sales') group by month_start_date order by month_start_date""",
    )
    values = sorted(asked, key=lambda row: row["turnover_month__month_start_date__month"])
    assert len(values) == len(found) > 12
    for row, (value,) in zip(values, found, strict=True):
        assert float(row["monthly_inventory_turnover"]) == pytest.approx(float(value))


def test_accuracy_and_suppliers(engine: Any, connection: duckdb.DuckDBPyConnection) -> None:
    [asked] = _ask(engine, connection, ["record_accuracy_rate", "supplier_on_time_rate"], [])
    accuracy = _marts(
        connection, "select avg(case when is_accurate then 1.0 else 0 end) from reconciliation.rec_book_count"
    )
    suppliers = _marts(connection, "select sum(on_time_lines) / sum(due_lines) from fct_supplier_performance")
    assert float(asked["record_accuracy_rate"]) == pytest.approx(float(accuracy[0][0]))
    assert float(asked["supplier_on_time_rate"]) == pytest.approx(float(suppliers[0][0]))


def test_every_metric_can_be_asked(engine: Any, connection: duckdb.DuckDBPyConnection) -> None:
    """A metric whose column was renamed fails here, not at the person who asks."""
    names = sorted(metric.name for metric in engine.list_metrics())
    assert len(names) >= 15
    for name in names:
        assert len(_ask(engine, connection, [name], [])) == 1, name
