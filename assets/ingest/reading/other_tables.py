"""Several tables in one file or sheet: rows that belong to another table than the first are kept back, never read by its
header; a header that is repeated (a page break, files put one after the other) is left out."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace

import duckdb

from assets.ingest.describe.vocabulary import plain_name, synonyms
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, MalformedRow, RawFile, normal_header

_SHARE = 0.6
"""Of the filled cells of a header row at least this share are known names; of a row of data it is one at most (a category
that is called 成本), so any share above a half tells them apart."""
_FEWEST = 2
_FEWEST_WORDS = 4
_VALUES = 0.5
"""Of the filled cells of a column that are numbers or days: then a word in it is no value."""
_SHOWN = 4
_LONGEST = 40


def set_aside_other_tables(connection: duckdb.DuckDBPyConnection, raw: RawFile, wanted: Collection[str]) -> RawFile:
    """`raw` without headers that are among its rows; rows below a header of another table become malformed."""
    if len(raw.columns) < _FEWEST or not raw.rows:
        return raw
    own = {normal_header(title) for title in raw.header}
    known = own | {word for words in synonyms().values() for word in words} | set(wanted)
    named = [(row, cells) for row, cells in _suspects(connection, raw, known) if _is_header(cells, known)]
    heads = sorted({*named, *_without_values(connection, raw)})
    if not heads:
        return raw
    titles = [normal_header(title) for title in raw.header if not title.startswith("column_")]
    is_own = {row: [normal_header(cell) for cell in cells] == titles for row, cells in heads}
    malformed: list[MalformedRow] = []
    gone = [row for row, _ in heads]
    for at, (row, cells) in enumerate(heads):
        if is_own[row]:
            continue
        until = heads[at + 1][0] if at + 1 < len(heads) else None
        shown = ", ".join(cells[:_SHOWN])
        reason = f"the row belongs to another table of the file, whose header is in row {row}: {shown}"
        where = f"{SOURCE_ROW} >= {row}" + (f" AND {SOURCE_ROW} < {until}" if until is not None else "")
        names = ", ".join(raw.columns)
        for number, *values in connection.execute(
            f"SELECT {SOURCE_ROW}, {names} FROM {RAW_TABLE} WHERE {where}"
        ).fetchall():
            text = json.dumps([value for value in values if value is not None], ensure_ascii=False)
            malformed.append(MalformedRow(number, text, reason))
            gone.append(number)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE rows_gone AS SELECT unnest($rows) AS row", {"rows": sorted(set(gone))}
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_first_table AS SELECT * FROM {RAW_TABLE} "
        f"WHERE {SOURCE_ROW} NOT IN (SELECT row FROM rows_gone) ORDER BY {SOURCE_ROW}"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_first_table")
    notes = raw.notes
    repeated = sum(is_own.values())
    if repeated:
        notes = (*notes, f"the header is repeated in {repeated} rows, which are left out")
    return replace(
        raw,
        rows=raw.rows - len(set(gone)),
        malformed=tuple(sorted((*raw.malformed, *malformed), key=lambda row: row.source_row)),
        notes=notes,
    )


def _suspects(
    connection: duckdb.DuckDBPyConnection, raw: RawFile, known: Collection[str]
) -> list[tuple[int, tuple[str, ...]]]:
    """Rows whose first or last filled cell could be a title: few, and looked at in Python."""
    first = f"COALESCE({', '.join(f'sk_text({column})' for column in raw.columns)}, NULL)"
    last = f"COALESCE({', '.join(f'sk_text({column})' for column in reversed(raw.columns))}, NULL)"
    # Titles are short and have no digits, which rules out nearly every row before Python looks at one.
    found = connection.execute(
        f"SELECT DISTINCT text FROM (SELECT unnest([{first}, {last}]) AS text FROM {RAW_TABLE}) "
        f"WHERE length(text) <= {_LONGEST} AND NOT regexp_matches(text, '[0-9]')"
    ).fetchall()
    texts = sorted(text for (text,) in found if normal_header(text) in known or plain_name(text) in known)
    if not texts:
        return []
    connection.execute("CREATE OR REPLACE TEMP TABLE titles_seen AS SELECT unnest($texts) AS text", {"texts": texts})
    rows = connection.execute(
        f"SELECT {SOURCE_ROW}, {', '.join(raw.columns)} FROM {RAW_TABLE} WHERE {first} IN (SELECT text FROM titles_seen) "
        f"AND {last} IN (SELECT text FROM titles_seen) ORDER BY {SOURCE_ROW}"
    ).fetchall()
    return [(row, tuple(cell.strip() for cell in cells if cell and cell.strip())) for row, *cells in rows]


def _without_values(connection: duckdb.DuckDBPyConnection, raw: RawFile) -> list[tuple[int, tuple[str, ...]]]:
    """Rows of different words, no digit among them, in a table of numbers and days: headers whose names nobody knows."""
    columns = [column for title, column in zip(raw.header, raw.columns, strict=True) if not title.startswith("column_")]
    filled = " AND ".join(f"sk_text({column}) IS NOT NULL" for column in columns)
    words = f"NOT regexp_matches(concat_ws('', {', '.join(raw.columns)}), '[0-9]')"
    # Above the first row of values it is a second line of this table's own header: units, or names in another language.
    rows = connection.execute(
        f"SELECT {SOURCE_ROW}, {', '.join(columns)} FROM {RAW_TABLE} WHERE {words} AND {filled} AND {SOURCE_ROW} > "
        f"(SELECT min({SOURCE_ROW}) FROM {RAW_TABLE} WHERE NOT {words}) ORDER BY {SOURCE_ROW}"
    ).fetchall()
    found = [(row, tuple(cell.strip() for cell in cells)) for row, *cells in rows]
    found = [(row, cells) for row, cells in found if len(set(cells)) == len(cells) >= _FEWEST_WORDS]
    if not found:
        return []
    shares = ", ".join(
        f"avg(CASE WHEN regexp_matches({column}, '^[-+(]?[0-9][0-9.,/: -]*[)%]?$') THEN 1 ELSE 0 END) "
        f"FILTER (sk_text({column}) IS NOT NULL)"
        for column in columns
    )
    values = connection.execute(f"SELECT {shares} FROM {RAW_TABLE}").fetchone() or ()
    return found if sum((share or 0) >= _VALUES for share in values) >= _FEWEST else []


def _share(cells: Collection[str], names: Collection[str]) -> float:
    return sum(normal_header(cell) in names or plain_name(cell) in names for cell in cells) / len(cells)


def _is_header(cells: Collection[str], known: Collection[str]) -> bool:
    return len(cells) >= _FEWEST and _share(cells, known) >= _SHARE
