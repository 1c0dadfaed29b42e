"""Is everything there that a mapping calls required? One check per dataset, on what has been landed so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from assets.ingest.contracts import Contract
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.settings import SourceSettings
from expectations.results import CheckResult

RULE = "required_dataset_is_landed"


def check_presence(connection: duckdb.DuckDBPyConnection, sources: Sequence[SourceSettings]) -> list[CheckResult]:
    """A failed, blocking check for each required dataset of a required source without one landed batch.

    Another dataset may feed the same contract (transfers beside movements), so the contract alone would not show the gap.
    """
    landed = {
        (str(instance), str(dataset))
        for instance, dataset in connection.execute(
            "select distinct source_instance, dataset from quality.landing_batches where status = 'loaded'"
        ).fetchall()
    }
    results = []
    for source in sources:
        for dataset in load_mapping(source.mapping).datasets:
            if not (source.required and dataset.required):
                continue
            is_there = (source.instance, dataset.name) in landed
            message = "" if is_there else f"source {source.name}: nothing landed for {dataset.name} ({dataset.place})"
            results.append(
                CheckResult(
                    check_id=f"{RULE}:{source.instance}:{dataset.name}",
                    engine="python",
                    contract_or_model=dataset.contract,
                    rule_id=RULE,
                    severity="critical",
                    is_blocking=True,
                    is_passed=is_there,
                    rows_failed=0,
                    rows_checked=None,
                    message=message,
                )
            )
    return results


def contracts_in_use(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, Contract], sources: Sequence[SourceSettings]
) -> dict[str, Contract]:
    """Contracts that some source feeds or that hold rows; the empty tables of the others keep every rule by themselves."""
    landed = {
        name
        for (name,) in connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'landing' AND table_type = 'VIEW'"
        ).fetchall()
    }
    fed = {dataset.contract for source in sources for dataset in load_mapping(source.mapping).datasets}
    return {name: contract for name, contract in contracts.items() if name in landed | fed}
