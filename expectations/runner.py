"""Runs contract suites on the landing views of a warehouse file. One ephemeral context for all of them; nothing is
sent anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from assets.ingest.contracts import Contract
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.settings import SourceSettings
from expectations.failing_rows import plain_rows
from expectations.results import CheckResult
from expectations.suites import SCHEMA, build_suite, row_rules

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.datasource.fluent.interfaces import Datasource

ENGINE = "great_expectations"
EXAMPLE_ROWS = 20  # as many as are kept of a failed test of dbt


def must_have_rows(contract: str, sources: Sequence[SourceSettings]) -> bool:
    """True where the mapping of a required source says that the dataset must be there."""
    return any(
        dataset.required
        for source in sources
        if source.required
        for dataset in load_mapping(source.mapping).feeds(contract)
    )


def run_suite(warehouse: Path, contract: Contract, sources: Sequence[SourceSettings] = ()) -> list[CheckResult]:
    """Run the suite of one contract; see run_suites."""
    return run_suites(warehouse, {contract.name: contract}, sources)


def run_suites(
    warehouse: Path, contracts: Mapping[str, Contract], sources: Sequence[SourceSettings] = ()
) -> list[CheckResult]:
    """Run the suites of `contracts` on schema `landing` of a DuckDB file; results by contract, then rule.

    The file is opened read-only, so no other process may be writing to it. A check that cannot be carried out has
    failed.
    """
    with opened(warehouse) as (_, datasource):
        return [
            result
            for contract in contracts.values()
            for result in _run(datasource, contract, must_have_rows(contract.name, sources))
        ]


def failing_examples(
    connection: duckdb.DuckDBPyConnection, contract: Contract, results: Sequence[CheckResult]
) -> list[dict[str, str | None]]:
    """The first rows that break a contract, of each rule of which `results` has some, with file and line where they have one."""
    failed = {one.rule_id for one in results if one.contract_or_model == contract.name and one.rows_failed}
    found: list[dict[str, str | None]] = []
    for rule in row_rules(contract):
        if rule.rule_id in failed:
            query = rule.query.format(batch=f"{SCHEMA}.{contract.name}")
            rows = connection.execute(f"SELECT * FROM ({query}) LIMIT {EXAMPLE_ROWS}").to_arrow_table().to_pylist()
            found += plain_rows([{"rule": rule.statement, **row} for row in rows])
    return found


@contextmanager
def opened(warehouse: Path) -> Iterator[tuple[Any, Any]]:
    """An ephemeral context and its data source over the warehouse, without telemetry and progress bars; closed after."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from expectations.duckdb_dialect import close_connections, register

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    url = f"{register()}:///{warehouse}?access_mode=read_only"
    datasource = context.data_sources.add_sql("warehouse", connection_string=url, create_temp_table=False)
    try:
        yield context, datasource
    finally:
        datasource.get_execution_engine().close()
        close_connections()


def _run(datasource: Datasource[Any, Any], contract: Contract, must_fill: bool) -> list[CheckResult]:
    asset = datasource.add_table_asset(contract.name, table_name=contract.name, schema_name=SCHEMA)  # type: ignore[attr-defined]
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    outcome = batch.validate(build_suite(contract, must_have_rows=must_fill))
    rows_checked = next(
        (
            int(result.result["observed_value"])
            for result in outcome.results
            if result.expectation_config.meta["rule_id"] == "contract_not_empty" and "observed_value" in result.result
        ),
        None,
    )
    results = [_result(contract, found, rows_checked) for found in outcome.results]
    return sorted(results, key=lambda result: result.check_id)


def _result(contract: Contract, found: ExpectationValidationResult, rows_checked: int | None) -> CheckResult:
    assert found.expectation_config is not None and found.expectation_config.meta is not None
    meta = found.expectation_config.meta
    passed = bool(found.success)
    failed = 0
    message = ""
    if not passed:
        failed = int(found.result.get("observed_value", 0)) if meta["counts_rows"] else 0
        count = f"{failed} rows of {rows_checked}: " if meta["counts_rows"] else ""
        trouble = _exception(found)
        message = (
            f"{contract.name}: {count}{meta['statement']}"
            if trouble is None
            else f"{contract.name}: could not be checked: {trouble}"
        )
    return CheckResult(
        check_id=f"{contract.name}.{meta['rule_id']}",
        engine=ENGINE,
        contract_or_model=contract.name,
        rule_id=meta["rule_id"],
        severity="critical",
        is_blocking=True,
        is_passed=passed,
        rows_failed=failed,
        rows_checked=rows_checked,
        message=message,
    )


def _exception(found: ExpectationValidationResult) -> str | None:
    """The first line of what was raised; Great Expectations gives one record, or one for each metric."""
    info = found.exception_info or {}
    records = [info] if "raised_exception" in info else [value for value in info.values() if isinstance(value, dict)]
    raised = next((record for record in records if record.get("raised_exception")), None)
    return str(raised.get("exception_message")).splitlines()[0] if raised else None
