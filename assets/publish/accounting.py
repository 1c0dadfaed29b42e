"""The figures of a run that its release carries: row accounting and the findings by rule."""

from __future__ import annotations

from typing import Any

import duckdb

ACCOUNTED = ("rows_in", "rows_loaded", "rows_quarantined", "rows_duplicate", "rows_excluded")


class AccountingError(RuntimeError):
    """Rows went missing between the files and the landing zone; nothing may be released."""


def run_facts(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Row accounting over every landed batch, findings by rule, and the earlier runs that were compared with.

    Raises:
        AccountingError: rows in <> loaded + quarantined + duplicate + excluded for some batch.
    """
    return {
        "accounting": row_accounting(connection),
        "findings": findings_by_rule(connection),
        "history": history_read(connection),
    }


def history_read(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """What earlier runs left that this run compared itself with: releases by id, forecast vintages by origin and day."""
    releases = connection.execute("select distinct release_id from marts.fct_restatements order by all").fetchall()
    vintages = connection.execute(
        """select distinct concat_ws(' ', origin_date, vintage_kind, published_date)
           from marts.fct_forecast_accuracy order by all"""
    ).fetchall()
    return {"releases": [name for (name,) in releases], "forecast_vintages": [name for (name,) in vintages]}


def row_accounting(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Sums over all batches; each batch must close on its own."""
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in ACCOUNTED)
    row = connection.execute(f"select {sums}, count(*) from quality.landing_batches").fetchone()
    assert row is not None
    open_batches = connection.execute(
        """select source_file, rows_in - rows_loaded - rows_quarantined - rows_duplicate - rows_excluded as missing
           from quality.landing_batches where missing <> 0 order by all limit 3"""
    ).fetchall()
    if open_batches:
        names = "; ".join(f"{name}: {missing} rows unaccounted for" for name, missing in open_batches)
        raise AccountingError(f"row accounting does not close: {names}")
    return dict(zip((*ACCOUNTED, "batches"), (int(value) for value in row), strict=True))


def findings_by_rule(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Number of findings and money per rule, worst severity first; money of several currencies is listed, never added."""
    rows = connection.execute(
        """with sums as (
               select rule_id, severity, currency_code, count(*) as findings, sum(abs(variance_value)) as gross_value
               from marts.fct_findings group by rule_id, severity, currency_code
           )
           select rule_id, severity, cast(sum(findings) as bigint) as findings,
               case when count(gross_value) < 2 then cast(any_value(gross_value) as varchar)
                   else string_agg(concat_ws(' ', currency_code, cast(gross_value as varchar)), ', ' order by currency_code)
                       filter (where gross_value is not null)
               end as value_at_stake
           from sums group by rule_id, severity
           order by case severity when 'critical' then 1 when 'warning' then 2 else 3 end, rule_id"""
    ).fetchall()
    return [dict(zip(("rule_id", "severity", "findings", "value_at_stake"), row, strict=True)) for row in rows]
