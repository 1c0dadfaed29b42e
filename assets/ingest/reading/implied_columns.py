"""A header that a file lacks, given by whether another one is filled: 审核人 says that a document is approved.

A column that is empty in every row says nothing, for then nobody fills it in.
"""

from __future__ import annotations

from dataclasses import replace

import duckdb

from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.raw_table import RAW_TABLE, RawFile, normal_header
from assets.ingest.sqltext import literal


def add_told(connection: duckdb.DuckDBPyConnection, raw: RawFile, dataset: Dataset) -> RawFile:
    """Add the columns of `told_by` that table `raw` has not."""
    for header, rule in dataset.told_by.items():
        places = {normal_header(title): column for title, column in zip(raw.header, raw.columns, strict=True)}
        column = places.get(normal_header(rule.filled))
        if column is None or any(normal_header(name) in places for name in dataset.spellings(header)):
            continue
        row = connection.execute(f"SELECT count(sk_text({column})) FROM {RAW_TABLE}").fetchone()
        if row is None or not row[0]:
            continue
        value = f"CASE WHEN sk_text({column}) IS NULL THEN {literal(rule.otherwise)} ELSE {literal(rule.then)} END"
        target = f"c{len(raw.header)}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_told AS SELECT *, {value} AS {target} FROM {RAW_TABLE}")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_told")
        note = f"{header} is {rule.then} where {rule.filled} is filled, else {rule.otherwise}"
        raw = replace(raw, header=(*raw.header, header), notes=(*raw.notes, note))
    return raw
