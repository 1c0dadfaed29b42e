"""Documents whose head is on their first line only, as it does where merged cells were taken apart or exported as text.

Only the columns that a mapping names are carried down, and only over lines that lack the first of them: a line with a
number of its own begins a document, and what it lacks is missing.
"""

from __future__ import annotations

from dataclasses import replace

import duckdb

from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile, normal_header


def fill_down(connection: duckdb.DuckDBPyConnection, raw: RawFile, dataset: Dataset) -> RawFile:
    """Carry the document's columns down in table `raw`; does nothing where every line has them."""
    places = {normal_header(title): column for title, column in zip(raw.header, raw.columns, strict=True)}
    found = {
        header: places[name]
        for header in dataset.fill_down
        if (name := next(filter(places.__contains__, map(normal_header, dataset.spellings(header))), None)) is not None
    }
    if not found or next(iter(found)) != dataset.fill_down[0]:
        return raw
    lead = found[dataset.fill_down[0]]
    lacking = connection.execute(
        f"SELECT count(*) FROM {RAW_TABLE} WHERE sk_text({lead}) IS NULL AND {SOURCE_ROW} > "
        f"(SELECT min({SOURCE_ROW}) FROM {RAW_TABLE} WHERE sk_text({lead}) IS NOT NULL)"
    ).fetchone()
    if lacking is None or not lacking[0]:
        return raw
    carried = set(found.values())
    values = ", ".join(
        f"CASE WHEN sk_text({lead}) IS NULL AND sk_text({column}) IS NULL THEN first_value({column}) OVER document "
        f"ELSE {column} END AS {column}"
        if column in carried
        else column
        for column in raw.columns
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_filled AS SELECT {SOURCE_ROW}, {values} FROM (SELECT *, "
        f"count(sk_text({lead})) OVER (ORDER BY {SOURCE_ROW}) AS document_number FROM {RAW_TABLE}) "
        f"WINDOW document AS (PARTITION BY document_number ORDER BY {SOURCE_ROW}) ORDER BY {SOURCE_ROW}"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_filled")
    note = f"{lacking[0]} lines without {dataset.fill_down[0]} belong to the document above them"
    return replace(raw, notes=(*raw.notes, note))
