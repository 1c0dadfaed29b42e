"""The semantic layer, asked through MetricFlow, gives the marts' own numbers (every KPI, company-wide: test_kpi_places.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from published_demo import demo_release
from semantic_layer import ask, release_for, semantic_engine


@pytest.fixture(scope="module")
def engine() -> Any:
    return semantic_engine()


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory, engine: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    with release_for(engine, demo_release(tmp_path_factory)) as connection:
        yield connection


def _marts(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    row = connection.execute("select database_name from duckdb_databases() where readonly and not internal").fetchone()
    assert row is not None
    connection.execute(f"use {row[0]}.marts")
    return connection.execute(sql).fetchall()


@pytest.mark.parametrize("metric", ["inventory_turnover", "dead_stock_rate", "inventory_capital"])
def test_category_figures_are_those_of_the_kpi_mart(
    metric: str, engine: Any, connection: duckdb.DuckDBPyConnection
) -> None:
    """A mean of ratios would agree for the company at most."""
    asked = {
        row["item_warehouse_state__category_name"]: row[metric]
        for row in ask(engine, connection, [metric], ["item_warehouse_state__category_name"])
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
    asked = ask(engine, connection, ["monthly_inventory_turnover"], ["turnover_month__month_start_date__month"])
    found = _marts(
        connection,
        """select sum(cogs_value) * 365 / sum(average_inventory_value * period_days) from fct_turnover_monthly
           where cogs_value is not null and average_inventory_value is not null group by month_start_date order by month_start_date""",
    )
    values = sorted(asked, key=lambda row: row["turnover_month__month_start_date__month"])
    assert len(values) == len(found) > 12
    for row, (value,) in zip(values, found, strict=True):
        assert float(row["monthly_inventory_turnover"]) == pytest.approx(float(value))


@pytest.mark.parametrize(
    ("metric", "scope"),
    [
        ("supplier_on_time_rate", "supplier"),
        ("record_accuracy_rate", "warehouse"),
        ("on_time_delivery_rate", "warehouse"),
    ],
)
def test_documents_by_their_own_groups(
    metric: str, scope: str, engine: Any, connection: duckdb.DuckDBPyConnection
) -> None:
    """Lines are grouped by what is on them: the supplier of the order, the warehouse of the count."""
    asked = {row[scope]: row[metric] for row in ask(engine, connection, [metric], [scope])}
    found = dict(
        _marts(
            connection,
            f"""select scope_value, kpi_value from fct_kpi_summary
                where scope = '{scope}' and kpi = '{metric}' and kpi_status = 'ok'""",
        )
    )
    assert len(found) > 1
    assert {name: float(asked[name]) for name in found} == pytest.approx(found, abs=1e-6)


def test_every_metric_can_be_asked(engine: Any, connection: duckdb.DuckDBPyConnection) -> None:
    """A metric whose column was renamed fails here, not at the person who asks."""
    names = sorted(metric.name for metric in engine.list_metrics())
    assert len(names) >= 15
    for name in names:
        assert len(ask(engine, connection, [name], [])) == 1, name
