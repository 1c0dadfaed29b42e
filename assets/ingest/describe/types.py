"""Types of database columns against what the contract makes of them: a date read as a number is found before any row is."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from assets.ingest.contracts import ColumnType, Contract
from assets.ingest.describe.findings import Finding
from assets.ingest.live.sql_reader import PreparedSql
from assets.ingest.mapping.language import Dataset


def type_findings(prepared: PreparedSql, dataset: Dataset, contract: Contract) -> Iterator[Finding]:
    """Columns that are taken as they are and have a type that cannot hold what the contract asks for."""
    types = dict(zip(prepared.query.headers, (value.type for value in prepared.query.values), strict=True))
    seen: set[tuple[str, str]] = set()
    for branch in dataset.branches:
        for name, rule in branch.columns.items():
            column = contract.columns.get(name)
            if column is None or rule.from_ is None or rule.enum is not None or (name, rule.from_) in seen:
                continue
            seen.add((name, rule.from_))
            kind = types.get(rule.from_)
            if kind is not None and not _fits(column.type, kind):
                message = f"{rule.from_} is {kind} there, and {name} of {contract.name} is a {column.type.value}"
                yield Finding("warning", dataset.name, message)


def _fits(wanted: ColumnType, kind: sa.types.TypeEngine[object]) -> bool:
    is_number = isinstance(kind, (sa.Numeric, sa.Integer))
    is_time = isinstance(kind, (sa.Date, sa.DateTime))
    if wanted.is_numeric:
        return not is_time and not isinstance(kind, (sa.Boolean, sa.LargeBinary))
    if wanted in (ColumnType.DATE, ColumnType.TIMESTAMP):
        return not is_number and not isinstance(kind, (sa.Boolean, sa.LargeBinary))
    if wanted is ColumnType.BOOLEAN:
        return not is_time
    return not isinstance(kind, sa.LargeBinary)
