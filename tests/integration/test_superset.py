"""The Superset template, imported into a real Superset over a real PostgreSQL: its charts show the marts' figures."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import psycopg
import pytest
import sqlalchemy as sa
from fresh_database import fresh_database
from once import made_once
from postgres import running_server
from published_demo import demo_release
from superset_server import SupersetApi, install_superset, running_superset

from assets.publish.bi.export import export_bi
from assets.publish.bi.target import Target
from assets.publish.postgres import publish_postgres
from assets.publish.releases import Release
from assets.publish.settings import PostgresSettings

pytestmark = pytest.mark.slow

# What each chart must show, asked of the release by hand: chart -> query of (label, figure)
FIGURES = {
    "Capital tied up": "select '', kpi_value from fct_kpi_summary where scope = 'company' and kpi = 'inventory_capital'",
    "Turnover (a year)": "select '', kpi_value from fct_kpi_summary where scope = 'company' and kpi = 'inventory_turnover'",
    "Capital by category": "select scope_value, kpi_value from fct_kpi_summary where scope = 'category' and kpi = 'inventory_capital'",
    "Annualised turnover by month": """select month_start_date::varchar, sum(cogs_value) * 365 / sum(average_inventory_value * period_days)
        from fct_turnover_monthly where turnover_status in ('ok', 'no_sales') group by 1""",
    "Value by age of the stock": """select snapshot_date::varchar || ' ' || bucket_label, sum(stock_value)
        from fct_stock_ageing group by 1""",
    "To order by owner": "select owner_name, sum(suggested_order_value) from fct_inventory_health group by 1",
    "Differences by rule": "select rule_id, sum(abs(variance_value)) from fct_findings group by 1",
    "KPIs against their targets": "select kpi, kpi_value from fct_kpi_summary where scope = 'company'",
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return demo_release(tmp_path_factory)


@pytest.fixture(scope="module")
def superset(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupersetApi]:
    """With the dashboard of the release in it, which reads PostgreSQL as a limited role of its own."""
    folder = made_once(tmp_path_factory, "superset", install_superset)
    with running_server() as server, fresh_database(server) as url:
        publish_postgres(release, url.render_as_string(False), PostgresSettings())
        with psycopg.connect(url.render_as_string(False), autocommit=True) as admin:
            admin.execute("drop role if exists t_superset")
            admin.execute("create role t_superset login password 'only in this test' in role stockturn_reader")
        address = sa.make_url(server.url)
        target = Target(address.host or "127.0.0.1", address.port or 5432, str(url.database), "stockturn", "t_superset")
        [bundle] = export_bi(release, folder / "bi", target, "en", ["superset"])
        with running_superset(folder) as api:
            api.import_dashboard(bundle, {"databases/stockturn.yaml": "only in this test"})
            yield api
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute("drop owned by t_superset")


def test_every_chart_shows_the_figures_of_the_marts(superset: SupersetApi, release: Release) -> None:
    charts = {chart["slice_name"]: chart["id"] for chart in superset.get("chart/?q=(page_size:100)")["result"]}
    assert charts.keys() == FIGURES.keys()
    with duckdb.connect(str(release.database), read_only=True) as connection:
        for name, query in FIGURES.items():
            wanted = {
                str(label or ""): value for label, value in connection.execute(query).fetchall() if value is not None
            }
            [answer] = superset.get(f"chart/{charts[name]}/data/")["result"]
            assert answer["error"] is None, (name, answer["error"])
            shown = {label: value for label, value in map(_figure, answer["data"]) if value is not None}
            assert shown.keys() == wanted.keys() and shown, name
            for label, value in wanted.items():
                assert float(shown[label]) == pytest.approx(float(value), rel=1e-9, abs=1e-6), (name, label)


def test_the_dashboard_holds_the_charts_and_the_data_sets_their_descriptions(superset: SupersetApi) -> None:
    [dashboard] = superset.get("dashboard/")["result"]
    assert (dashboard["dashboard_title"], dashboard["slug"]) == ("Inventory health", "stockturn")
    assert len(superset.get(f"dashboard/{dashboard['id']}/charts")["result"]) == len(FIGURES)
    datasets = {one["table_name"]: one["id"] for one in superset.get("dataset/?q=(page_size:100)")["result"]}
    health = superset.get(f"dataset/{datasets['fct_inventory_health']}")["result"]
    described = {column["column_name"]: column["description"] for column in health["columns"]}
    assert described["inventory_value"].startswith("Value of own, costed stock")


def _figure(row: dict[str, Any]) -> tuple[str, float | None]:
    """A row of a chart as (label, figure): the figure is the first number, dates come as milliseconds."""
    texts, figure = [], None
    for name, value in row.items():
        if name in ("month_start_date", "snapshot_date"):
            import datetime

            texts.append(
                str(datetime.datetime.fromtimestamp(value / 1000, datetime.UTC).date())
                if isinstance(value, int | float)
                else str(value)[:10]
            )
        elif isinstance(value, int | float | Decimal) and figure is None:
            figure = float(value)
        elif isinstance(value, str) and ((figure is None and not texts) or name == "bucket_label"):
            texts.append(value)
    return " ".join(texts), figure
