"""A dashboard of Apache Superset, as the archive that its import reads: database, data sets, charts, dashboard. Pure.

Each chart carries its query, so that its data can be asked for as soon as it is imported. The password of the database is
asked for by the import.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from assets.publish.bi.expressions import sql_measure
from assets.publish.bi.model import BiColumn, BiModel, BiTable, stable_id
from assets.publish.bi.target import Target
from assets.publish.bi.words import word

ROOT = "stockturn_superset"
_VERSION = "1.0.0"
_MADE_AT = "2026-01-01T00:00:00+00:00"  # the format wants an instant; the same model gives the same bytes
_TYPES = {
    "text": "TEXT", "whole": "BIGINT", "decimal": "NUMERIC", "double": "DOUBLE PRECISION", "boolean": "BOOLEAN", "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip
_FORMATS = {"rate": ".1%", "money": ",.0f", "turns": ".2f", "days": ",.1f"}
_ASKED_FOR = "XXXXXXXXXX"  # where an address has this for its password, the import asks for it
_ROWS_AT_MOST = 10_000


@dataclass(frozen=True)
class Chart:
    """A chart: a measure (a KPI of the table, or `sql`) by columns, or rows of a table as they are.

    `where`: conditions, each column, operator, value. `reads`: the columns that `sql` reads, which a test checks.
    """

    name: str
    table: str
    viz: str
    width: int
    measure: str = ""
    sql: str = ""
    label: str = ""
    by: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    where: tuple[tuple[str, str, Any], ...] = ()
    reads: tuple[str, ...] = field(default=())


CHARTS = (
    Chart("capital", "fct_inventory_health", "big_number_total", 3, measure="kpi_inventory_capital"),
    Chart("turnover", "fct_inventory_health", "big_number_total", 3, measure="kpi_inventory_turnover"),
    Chart("capital_by_category", "fct_inventory_health", "pie", 6, measure="kpi_inventory_capital", by=("category_name",)),
    Chart(
        "turnover_by_month", "fct_turnover_monthly", "echarts_timeseries_line", 6,
        sql="sum(cogs_value) * 365 / nullif(sum(average_inventory_value * period_days), 0)", label="annualised_turnover",
        by=("month_start_date",), where=(("turnover_status", "IN", ["ok", "no_sales"]),),
        reads=("cogs_value", "average_inventory_value", "period_days"),
    ),
    Chart(
        "ageing", "fct_stock_ageing", "echarts_timeseries_bar", 6, sql="sum(stock_value)", by=("snapshot_date", "bucket_label"),
        reads=("stock_value",),
    ),
    Chart(
        "targets", "fct_kpi_summary", "table", 6, columns=("kpi", "kpi_value", "target_rate", "attainment_state", "kpi_status"),
        where=(("scope", "==", "company"),),
    ),
    Chart(
        "to_order", "fct_inventory_health", "table", 3, sql="sum(suggested_order_value)", by=("owner_name",),
        reads=("suggested_order_value",),
    ),
    Chart(
        "findings", "fct_findings", "table", 3, sql="sum(abs(variance_value))", label="gross_difference", by=("rule_id", "currency_code"),
        reads=("variance_value",),
    ),
)  # fmt: skip


def superset_files(model: BiModel, target: Target) -> dict[str, str]:
    """Text of each file of the archive by its path in it; marts that a release does not have leave their charts out."""
    present = {table.name for table in model.tables}
    charts = [chart for chart in CHARTS if chart.table in present]
    files = {
        f"{ROOT}/metadata.yaml": _yaml({"version": _VERSION, "type": "Dashboard", "timestamp": _MADE_AT}),
        f"{ROOT}/databases/stockturn.yaml": _yaml(_database(target)),
        f"{ROOT}/dashboards/stockturn.yaml": _yaml(_dashboard(model, charts)),
    }
    for table in model.tables:
        if any(chart.table == table.name for chart in charts):
            files[f"{ROOT}/datasets/stockturn/{table.name}.yaml"] = _yaml(_dataset(model, table, target))
    for chart in charts:
        files[f"{ROOT}/charts/{chart.name}.yaml"] = _yaml(_chart(model, chart))
    return files


def _yaml(document: object) -> str:
    return str(yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=160))


def _database(target: Target) -> dict[str, Any]:
    address = f"postgresql+psycopg2://{target.user}:{_ASKED_FOR}@{target.host}:{target.port}/{target.database}"
    return {
        "database_name": "stockturn",
        "sqlalchemy_uri": address,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_dml": False,
        "extra": {},
        "uuid": stable_id("superset", "database"),
        "version": _VERSION,
    }


def _dataset(model: BiModel, table: BiTable, target: Target) -> dict[str, Any]:
    times = [column.name for column in table.columns if column.kind in ("date", "timestamp")]
    metrics = [
        {
            "metric_name": measure.name,
            "verbose_name": measure.label,
            "metric_type": "expression",
            "expression": sql_measure(measure),
            "description": measure.description,
            "d3format": _FORMATS[measure.kind],
        }
        for measure in model.of_table(table.name)
    ]
    metrics.append({"metric_name": "count", "metric_type": "count", "expression": "count(*)"})
    return {
        "table_name": table.name,
        "main_dttm_col": times[0] if times else None,
        "description": table.description,
        "schema": target.schema,
        "sql": None,
        "params": None,
        "filter_select_enabled": True,
        "uuid": stable_id("superset", "dataset", table.name),
        "metrics": metrics,
        "columns": [_column(column) for column in table.columns],
        "version": _VERSION,
        "database_uuid": stable_id("superset", "database"),
    }


def _column(column: BiColumn) -> dict[str, Any]:
    return {
        "column_name": column.name,
        "verbose_name": column.label,
        "is_dttm": column.kind in ("date", "timestamp"),
        "is_active": True,
        "type": _TYPES[column.kind],
        "groupby": not column.is_added_up,
        "filterable": True,
        "description": column.description,
    }


def _chart(model: BiModel, chart: Chart) -> dict[str, Any]:
    params = _params(model, chart)
    return {
        "slice_name": word(model.language, f"chart_{chart.name}"),
        "viz_type": chart.viz,
        "params": params,
        "query_context": json.dumps(_query(model, chart, params), ensure_ascii=False, sort_keys=True),
        "cache_timeout": None,
        "uuid": stable_id("superset", "chart", chart.name),
        "version": _VERSION,
        "dataset_uuid": stable_id("superset", "dataset", chart.table),
    }


def _metric(model: BiModel, chart: Chart) -> str | dict[str, Any]:
    if chart.measure:
        return chart.measure
    column = "" if chart.label else model.table(chart.table).column(chart.reads[0]).label
    label = word(model.language, chart.label) if chart.label else word(model.language, "sum_of", label=column)
    return {
        "expressionType": "SQL",
        "sqlExpression": chart.sql,
        "label": label,
        "hasCustomLabel": True,
        "optionName": f"metric_{chart.name}",
    }


def _params(model: BiModel, chart: Chart) -> dict[str, Any]:
    params: dict[str, Any] = {
        "viz_type": chart.viz,
        "adhoc_filters": [
            {
                "clause": "WHERE",
                "expressionType": "SIMPLE",
                "subject": column,
                "operator": operator,
                "comparator": value,
            }
            for column, operator, value in chart.where
        ],
        "row_limit": _ROWS_AT_MOST,
    }
    if chart.columns:
        return {**params, "query_mode": "raw", "all_columns": list(chart.columns)}
    metric = _metric(model, chart)
    if chart.viz == "big_number_total":
        kind = next((one.kind for one in model.of_table(chart.table) if one.name == chart.measure), "money")
        return {**params, "metric": metric, "y_axis_format": _FORMATS[kind]}
    if chart.viz.startswith("echarts_timeseries"):
        x_axis, *groups = chart.by
        stacked = {"stack": "Stack"} if groups else {}
        return {**params, "x_axis": x_axis, "time_grain_sqla": "P1M", "metrics": [metric], "groupby": groups, **stacked}
    if chart.viz == "table":
        return {**params, "query_mode": "aggregate", "metrics": [metric], "groupby": list(chart.by), "order_desc": True}
    return {**params, "metric": metric, "groupby": list(chart.by)}


def _query(model: BiModel, chart: Chart, params: Mapping[str, Any]) -> dict[str, Any]:
    query: dict[str, Any] = {
        "filters": [{"col": column, "op": operator, "val": value} for column, operator, value in chart.where],
        "columns": list(chart.columns or chart.by),
        "row_limit": _ROWS_AT_MOST,
        "extras": {"having": "", "where": ""},
        "orderby": [],
    }
    if not chart.columns:
        query["metrics"] = [_metric(model, chart)]
    return {
        "datasource": {"id": 0, "type": "table"},  # the import puts its own id here
        "force": False,
        "queries": [query],
        "form_data": dict(params),
        "result_format": "json",
        "result_type": "full",
    }


def _dashboard(model: BiModel, charts: list[Chart]) -> dict[str, Any]:
    return {
        "dashboard_title": word(model.language, "dashboard"),
        "description": None,
        "css": "",
        "slug": "stockturn",
        "uuid": stable_id("superset", "dashboard"),
        "position": dict(_position(model, charts)),
        "metadata": {"contract_version": model.contract_version},
        "version": _VERSION,
    }


def _position(model: BiModel, charts: list[Chart]) -> Iterator[tuple[str, Any]]:
    yield "DASHBOARD_VERSION_KEY", "v2"
    rows: list[list[Chart]] = [[]]
    for chart in charts:
        if sum(one.width for one in rows[-1]) + chart.width > 12:
            rows.append([])
        rows[-1].append(chart)
    names = [f"ROW-{number}" for number in range(len(rows))]
    yield "ROOT_ID", {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]}
    yield "GRID_ID", {"type": "GRID", "id": "GRID_ID", "children": names, "parents": ["ROOT_ID"]}
    for name, row in zip(names, rows, strict=True):
        yield (
            name,
            {
                "type": "ROW",
                "id": name,
                "children": [f"CHART-{chart.name}" for chart in row],
                "parents": ["ROOT_ID", "GRID_ID"],
                "meta": {"background": "BACKGROUND_TRANSPARENT"},
            },
        )
        for chart in row:
            yield (
                f"CHART-{chart.name}",
                {
                    "type": "CHART",
                    "id": f"CHART-{chart.name}",
                    "children": [],
                    "parents": ["ROOT_ID", "GRID_ID", name],
                    "meta": {
                        "chartId": 0,
                        "width": chart.width,
                        "height": 50,
                        "sliceName": word(model.language, f"chart_{chart.name}"),
                        "uuid": stable_id("superset", "chart", chart.name),
                    },
                },
            )
