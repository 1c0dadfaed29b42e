"""The common form of a check's outcome: a row of `quality.check_results`, whichever engine made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("check_id", pa.string()),
        ("engine", pa.string()),
        ("contract_or_model", pa.string()),
        ("rule_id", pa.string()),
        ("severity", pa.string()),
        ("is_blocking", pa.bool_()),
        ("is_passed", pa.bool_()),
        ("rows_failed", pa.int64()),
        ("rows_checked", pa.int64()),
        ("message", pa.string()),
    ]
)


@dataclass(frozen=True)
class CheckResult:
    """One check of one run. `rows_checked` is None where a check does not look at rows."""

    check_id: str
    engine: str
    contract_or_model: str
    rule_id: str
    severity: str
    is_blocking: bool
    is_passed: bool
    rows_failed: int
    rows_checked: int | None
    message: str


def results_table(results: Sequence[CheckResult]) -> pa.Table:
    """Arrow table of results with the columns of quality.check_results, in the order of `check_id`."""
    ordered = sorted(results, key=lambda result: result.check_id)
    return pa.Table.from_pylist([asdict(result) for result in ordered], schema=SCHEMA)
