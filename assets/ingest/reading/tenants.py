"""Rows of several tenants of one system in one extract (clients of SAP, say): their keys occur once for each, and must not mix."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.mapping.column_rules import Scalar
from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.raw_table import RAW_TABLE, RawFile, normal_header


def refuse_several_tenants(
    connection: duckdb.DuckDBPyConnection, raw: RawFile, dataset: Dataset, values: Mapping[str, Scalar], file: str
) -> None:
    """Raise IngestError where table `raw` holds rows of several tenants and the source does not say which one is meant."""
    tenant = dataset.tenant
    if tenant is None or values[tenant.parameter] != "":
        return
    columns = {normal_header(title): column for title, column in zip(raw.header, raw.columns, strict=True)}
    column = columns.get(normal_header(tenant.column))
    if column is None:
        return
    found = connection.execute(
        f"SELECT DISTINCT sk_code({column}) AS code FROM {RAW_TABLE} WHERE sk_code({column}) IS NOT NULL ORDER BY code LIMIT 5"
    ).fetchall()
    if len(found) > 1:
        raise IngestError(
            f"holds rows of several clients ({', '.join(code for (code,) in found)})",
            file=file,
            column=tenant.column,
            fix=f'Say which one is read: `parameters: {{{tenant.parameter}: "{found[-1][0]}"}}` of the source.',
        )
