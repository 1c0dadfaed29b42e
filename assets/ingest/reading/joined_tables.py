"""A dataset that names tables: the extract of the driving table with the tables looked up by key beside it, as one table
`raw`. Rows and row numbers are those of the driving table; the columns of the others are named `alias.column`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
from sqlglot import exp

from assets.ingest.errors import IngestError
from assets.ingest.mapping.expression_sql import compile_expression
from assets.ingest.mapping.expressions import Kind
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.row_keys import CHANGE, COMBINED, Balance, Combine
from assets.ingest.mapping.source_keys import EXTRACT_DATE
from assets.ingest.mapping.table_keys import Join
from assets.ingest.reading.any_file import read_file
from assets.ingest.reading.header_match import dataset_headers
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile, normal_header
from assets.ingest.reading.running_balance import change_sql
from assets.ingest.reading.table_files import joined_files
from assets.ingest.sqltext import ident, literal

_DRIVING = "driving_table"
_READ_AS = {
    Kind.TEXT: "sk_text({})",
    Kind.NUMBER: "sk_number({})",
    Kind.DATE: "TRY_CAST(substr(sk_text({}), 1, 10) AS DATE)",
    Kind.TIMESTAMP: "TRY_CAST(sk_text({}) AS TIMESTAMP)",
    Kind.BOOLEAN: "sk_boolean(sk_code({}))",
}


def read_joined(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    dataset: Dataset,
    work: Path,
    bound: Callable[[str], exp.Expr],
    day: dt.date | None,
    extract_date: dt.date,
) -> RawFile:
    """Load a driving table and its joins into `raw`; `bound` parses an expression and puts parameters in.

    Raises IngestError for a joined table that is missing, lacks a column or holds several rows for a key.
    """
    must, may = dataset_headers(dataset)
    empty_is_fine = dataset.model_copy(update={"allow_empty": True})
    own = [header for header in (*must, *may) if "." not in header]
    main = read_file(connection, path, name, empty_is_fine, own, work)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_DRIVING} AS SELECT * FROM {RAW_TABLE}")
    header = list(main.header)
    columns = {normal_header(title): f"d.{column}" for title, column in zip(main.header, main.columns, strict=True)}
    clauses: list[str] = []
    wanted = [header for header in (*must, *may) if "." in header]
    wanted += [target for join in dataset.join for target in join.on.values() if "." in target]
    optional = {normal_header(title) for title in (*dataset.optional_columns, *may)}
    selected: list[str] = [f"d.{column}" for column in main.columns]
    for number, (join, extract) in enumerate(zip(dataset.join, joined_files(path.parent, dataset, day), strict=True)):
        names = list(dict.fromkeys(text.partition(".")[2] for text in wanted if text.partition(".")[0] == join.alias))
        table = f"joined_{number}"
        if extract is None:
            if not join.optional:
                raise IngestError(
                    f"dataset {dataset.name!r} joins table {join.table}, of which there is no extract",
                    file=name,
                    fix=f"Put {join.table}.csv beside it.",
                )
            expressions = dict.fromkeys(names, "CAST(NULL AS VARCHAR)")
        else:
            shape = empty_is_fine.reading(join.table)
            raw = read_file(connection, extract, extract.name, shape, [*join.on, *names], work)
            join = _within_tenant(join, dataset, raw, columns)
            _keep(connection, table, raw, extract.name, join, names, optional, bound)
            keys = " AND ".join(
                f"j{number}.k{at} = {_key(join, _key_of(columns, target, name, optional))}"
                for at, target in enumerate(join.on.values())
            )
            clauses.append(f"LEFT JOIN {table} AS j{number} ON {keys}")
            expressions = {column: f"j{number}.{ident('v' + str(at))}" for at, column in enumerate(names)}
        for column, sql in expressions.items():
            header.append(f"{join.alias}.{column}")
            columns[normal_header(f"{join.alias}.{column}")] = sql
            selected.append(sql)
    asked = {*must, *may}
    added: list[str] = []
    for title in dataset.optional_columns:
        if title in asked and not any(normal_header(name) in columns for name in dataset.spellings(title)):
            header.append(title)
            added.append(title)
            selected.append("CAST(NULL AS VARCHAR)")
    if EXTRACT_DATE in (*must, *may) and normal_header(EXTRACT_DATE) not in columns:
        header.append(EXTRACT_DATE)
        selected.append(literal(extract_date.isoformat()))
    if dataset.combine is not None:
        positions = {normal_header(title): at for at, title in enumerate(header)}
        selected = _added_up(dataset.combine, positions, selected, name, bound)
        header.append(COMBINED)
    balance = dataset.balance
    if balance is not None:
        header.append(CHANGE)
        selected.append("CAST(b.change AS VARCHAR)")
        changes = _changes(balance, columns, clauses, name, bound)
        clauses.append(f"LEFT JOIN ({changes}) AS b ON b.{SOURCE_ROW} = d.{SOURCE_ROW}")
    chosen = ", ".join(f"{sql} AS c{at}" for at, sql in enumerate(selected))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_store AS SELECT d.{SOURCE_ROW}, {chosen} FROM {_DRIVING} AS d "
        f"{' '.join(clauses)} ORDER BY d.{SOURCE_ROW}"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_store")
    return replace(main, header=tuple(header), added=tuple(added))


def _within_tenant(join: Join, dataset: Dataset, raw: RawFile, columns: dict[str, str]) -> Join:
    """The join by the tenant's column too, where both tables have it."""
    if dataset.tenant is None:
        return join
    column = dataset.tenant.column
    is_in_both = normal_header(column) in columns and normal_header(column) in map(normal_header, raw.header)
    return join.model_copy(update={"on": {**join.on, column: column}}) if is_in_both else join


def _changes(
    balance: Balance, columns: dict[str, str], clauses: Sequence[str], file: str, bound: Callable[[str], exp.Expr]
) -> str:
    """SELECT of what each row changed, over the driving table and its joins."""
    aliases = {header: f"b_{at}" for at, header in enumerate(balance.headers)}
    texts = ", ".join(f"sk_text({_column_of(columns, header, file)}) AS {alias}" for header, alias in aliases.items())

    def read(header: str, kind: Kind) -> str:
        return f"{aliases[header]}_{kind.value}"

    compiled = [compile_expression(bound(text), Kind.NUMBER, read) for text in (balance.change, balance.stated)]
    reads = dict.fromkeys(found for expression in compiled for found in expression.reads)
    values = [
        f"{_READ_AS[found.kind].format(aliases[found.header])} AS {read(found.header, found.kind)}" for found in reads
    ]
    rows = f"(SELECT d.{SOURCE_ROW}, {texts} FROM {_DRIVING} AS d {' '.join(clauses)})"
    return change_sql(
        [aliases[header] for header in balance.by],
        [aliases[header] for header in balance.order],
        change=compiled[0].sql,
        stated=compiled[1].sql,
        source=f"(SELECT {', '.join(['*', *values])} FROM {rows})",
    )


def _added_up(
    combine: Combine,
    positions: dict[str, int],
    selected: Sequence[str],
    file: str,
    bound: Callable[[str], exp.Expr],
) -> list[str]:
    """SQL of the columns with sums over each group, and behind them the row that carries the sum for the other rows."""

    def at(title: str) -> int:
        if normal_header(title) not in positions:
            raise IngestError(f"has no column {title!r}, by which rows are added up", file=file, column=title)
        return positions[normal_header(title)]

    counts = "true"
    if combine.where is not None:
        values: dict[str, str] = {}

        def read(header: str, kind: Kind) -> str:
            """A name for the value, which is put in its place below: names are quoted."""
            name = f"combined_{len(values)}"
            values[name] = _READ_AS[kind].format(selected[at(header)])
            return name

        counts = compile_expression(bound(combine.where), Kind.BOOLEAN, read).sql
        for name, value in reversed(values.items()):
            counts = counts.replace(f'"{name}"', f"({value})")
        counts = f"COALESCE({counts}, true)"
    window = f"PARTITION BY {', '.join(f'sk_code({selected[at(title)]})' for title in combine.by)}, {counts}"
    added = list(selected)
    for title in combine.sum:
        added[at(title)] = f"CAST(sum(sk_number({selected[at(title)]})) OVER ({window}) AS VARCHAR)"
    first = f"min(d.{SOURCE_ROW}) OVER ({window})"
    carrier = f"CASE WHEN NOT {counts} THEN 'left out' WHEN {first} <> d.{SOURCE_ROW} THEN CAST({first} AS VARCHAR) END"
    return [*added, carrier]


def _key(join: Join, column: str) -> str:
    """SQL of a column as a join compares it."""
    return f"lower(sk_code({column}))" if join.ignore_case else f"sk_code({column})"


def _key_of(columns: dict[str, str], header: str, file: str, optional: set[str]) -> str:
    """The column that a join looks up by; one that may be missing finds nothing."""
    if normal_header(header) in optional and normal_header(header) not in columns:
        return "CAST(NULL AS VARCHAR)"
    return _column_of(columns, header, file)


def _column_of(columns: dict[str, str], header: str, file: str) -> str:
    try:
        return columns[normal_header(header)]
    except KeyError:
        raise IngestError(f"has no column {header!r}, which a join needs", file=file, column=header) from None


def _keep(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    raw: RawFile,
    file: str,
    join: Join,
    names: Sequence[str],
    optional: set[str],
    bound: Callable[[str], exp.Expr],
) -> None:
    """Table `table` with the keys k0.. and values v0.. of a joined table, one row a key."""
    columns = {normal_header(title): column for title, column in zip(raw.header, raw.columns, strict=True)}
    keys = [_key(join, _column_of(columns, title, file)) for title in join.on]
    values = []
    for title in names:
        is_optional = normal_header(f"{join.alias}.{title}") in optional and normal_header(title) not in columns
        column = "CAST(NULL AS VARCHAR)" if is_optional else _column_of(columns, title, file)
        values.append(_combined(join, title, column) if join.combined else column)
    parts = [f"{sql} AS k{at}" for at, sql in enumerate(keys)] + [f"{sql} AS v{at}" for at, sql in enumerate(values)]
    where = _condition(columns, join, file, bound)
    group = f" GROUP BY {', '.join(keys)}" if join.combined else ""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {', '.join(parts)} FROM {where}{group}")
    names_of_keys = ", ".join(f"k{at}" for at in range(len(keys)))
    twice = connection.execute(
        f"SELECT {names_of_keys}, count(*) FROM {table} WHERE "
        + " AND ".join(f"k{at} IS NOT NULL" for at in range(len(keys)))
        + f" GROUP BY {names_of_keys} HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
    ).fetchone()
    if twice is not None:
        key = ", ".join(f"{title}={value}" for title, value in zip(join.on, twice[:-1], strict=True))
        raise IngestError(
            f"holds {twice[-1]} rows for {key}, but a join needs one",
            file=file,
            fix=f"Narrow the join {join.alias!r} with `where`, add a key to `by`, or bring rows together with `sum`.",
        )


def _combined(join: Join, title: str, column: str) -> str:
    """SQL that brings the values of a key together: sums of numbers, least and greatest texts (ISO dates among them)."""
    if title in join.sum:
        return f"CAST(sum(sk_number({column})) AS VARCHAR)"
    return f"{'min' if title in join.min else 'max'}(sk_text({column}))"


def _condition(columns: dict[str, str], join: Join, file: str, bound: Callable[[str], exp.Expr]) -> str:
    """What follows FROM for a joined table; a row that cannot be judged is left out, as it can be no match."""
    if join.where is None:
        return RAW_TABLE

    def read(header: str, kind: Kind) -> str:
        return f"{kind.value}:{header}"

    compiled = compile_expression(bound(join.where), Kind.BOOLEAN, read)
    inner = "".join(
        f", {_READ_AS[found.kind].format(_column_of(columns, found.header, file))} AS "
        f"{ident(read(found.header, found.kind))}"
        for found in compiled.reads
    )
    return f"(SELECT *{inner} FROM {RAW_TABLE}) WHERE {compiled.sql}"
