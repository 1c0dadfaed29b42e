"""The SQL that turns table `raw` into contract rows: built from contract, mapping and header; nothing is run here.

Two layers a branch: `t_<column>` is what was read (NULL where nothing could be), over it is the contract row
with its defaults,
its keys and `is_bad`. The rules that make a row bad are kept as data, so that the few bad rows can be explained
afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets.ingest.contracts import Column, ColumnType, load_envelope
from assets.ingest.mapping.expression_sql import compile_expression
from assets.ingest.mapping.expressions import Kind
from assets.ingest.mapping.language import MAPPABLE_ENVELOPE, Branch
from assets.ingest.reading.raw_table import SOURCE_ROW
from assets.ingest.sqltext import ident, literal
from assets.ingest.typing.column_sql import ColumnSql, Context, Rule, read_column, value_rules

# Holds the source values of a file; see source_values.py.
SOURCE_VALUES_TABLE = "source_values"


@dataclass(frozen=True)
class BranchPlan:
    """SQL of one branch: the `t_` layer, the contract rows over it, and the rules."""

    read_sql: str
    select_list: str
    rules: tuple[Rule, ...]
    not_owned: tuple[str, ...] = ()

    @property
    def is_bad(self) -> str:
        """SQL that is true for a row that breaks any rule."""
        broken = " OR ".join(f"({rule.condition})" for rule in self.rules) or "false"
        return f"COALESCE({broken}, false)"

    def contract_sql(self, branch: int) -> str:
        """SELECT of contract rows with `source_row`, `branch`, `is_bad` and `is_open`."""
        return (
            f"SELECT {SOURCE_ROW}, {branch} AS branch, {self.select_list}, ({self.is_bad}) AS is_bad, is_open "
            f"FROM ({self.read_sql}){self._owned}"
        )

    @property
    def _owned(self) -> str:
        """WHERE clause that leaves out the movement types which another source posts."""
        if not self.not_owned:
            return ""
        kinds = ", ".join(literal(kind) for kind in self.not_owned)
        return f" WHERE COALESCE({ident('t_movement_type')} NOT IN ({kinds}), true)"


def plan_branch(context: Context, branch: Branch) -> BranchPlan:
    """Build the SQL of one branch of a dataset."""
    columns = [*context.contract.columns.values(), *(load_envelope()[name] for name in MAPPABLE_ENVELOPE)]
    columns_sql = {
        column.name: read_column(context, column, branch.columns[column.name])
        for column in columns
        if column.name in branch.columns
    }
    layer = ", ".join(f"{reading.value} AS {ident('t_' + name)}" for name, reading in columns_sql.items())
    computed = "".join(
        f", {reading.expression} AS {ident('e_' + name)}" for name, reading in columns_sql.items() if reading.expression
    )
    read_sql = f"SELECT *, {layer} FROM (SELECT *{computed} FROM ({_source_rows(context, branch)}))"
    rules: list[Rule] = []
    for column in columns:
        reading = columns_sql.get(column.name)
        if reading is not None:
            rules += reading.rules
        given = [ident("t_" + name) for name in column.unless if name in columns_sql]
        instead = given if len(given) == len(column.unless) else []
        rules += value_rules(context, column, branch.columns.get(column.name), reading, instead)
    not_owned = context.source.not_owned if "t_movement_type" in layer else ()
    return BranchPlan(read_sql, _select_list(context, columns_sql), tuple(rules), not_owned)


def _select_list(context: Context, columns_sql: dict[str, ColumnSql]) -> str:
    def final(column: Column) -> str:
        value = ident("t_" + column.name) if column.name in columns_sql else f"CAST(NULL AS {column.type.duckdb})"
        if column.default is None:
            return value
        default = f"CAST({literal(column.default)} AS {column.type.duckdb})"
        return f"COALESCE({value}, {default})"

    envelope = load_envelope()
    parts = [f"{final(column)} AS {ident(column.name)}" for column in context.contract.columns.values()]
    parts += [f"{final(envelope[name])} AS {name}" for name in MAPPABLE_ENVELOPE]
    parts.append(f"{literal(context.source.company)} AS company_code")
    key = ", ".join(
        _key_part(context.contract.columns[name], final(context.contract.columns[name]))
        for name in context.contract.natural_key
    )
    parts.append(f"concat_ws('|', {key}) AS source_key")
    parts.append(f"{_json(context.header.unused)} AS ext")
    return ", ".join(parts)


def _key_part(column: Column, value: str) -> str:
    """A part of the source key; a `|` inside a text is escaped, so that two keys never read alike."""
    if column.type is not ColumnType.TEXT:
        return f"CAST({value} AS VARCHAR)"
    return f"CASE WHEN contains({value}, '|') THEN replace(replace({value}, '\\', '\\\\'), '|', '\\|') ELSE {value} END"


def _json(columns: Sequence[tuple[str, str]]) -> str:
    if not columns:
        return "CAST(NULL AS VARCHAR)"
    pairs = ", ".join(f"{literal(header)}, {column}" for header, column in columns)
    return f"CAST(json_object({pairs}) AS VARCHAR)"


def raw_json(header: Sequence[str], columns: Sequence[str]) -> str:
    """SQL of the whole raw row as a JSON object."""
    return _json(list(zip(header, columns, strict=True)))


def _condition(context: Context, text: str | None) -> str:
    """WHERE clause of an expression; empty without one.

    A condition that cannot be decided (a missing value) keeps the row: the rules then judge it, and nothing vanishes.
    So does one over a row whose source values are still open.
    """
    if text is None:
        return ""
    compiled = compile_expression(context.tree(text), Kind.BOOLEAN, context.column_of(context.suffixes[()]))
    return f" WHERE COALESCE({compiled.sql}, true) OR is_open"


def _source_rows(context: Context, branch: Branch) -> str:
    """SELECT of the source rows of a branch: the dataset's `where`, then `keep_first`, then the branch's `where`.

    In this order, because the first row of a group is its first whether or not the branch has use for it.
    """
    query = f"SELECT * FROM {SOURCE_VALUES_TABLE}{_condition(context, context.dataset.condition)}"
    if branch.keep_first is not None:
        by = ", ".join(
            context.source_values.value(context.header.column_of(name), "code") for name in branch.keep_first.by
        )
        # Numbers by their value, texts by their letters: month 2 is before month 10.
        order = ", ".join(
            f"{context.source_values.value(column, 'number')} NULLS LAST, {column}"
            for column in (context.header.column_of(header) for header in branch.keep_first.order)
        )
        query += f" QUALIFY row_number() OVER (PARTITION BY {by} ORDER BY {order}, {SOURCE_ROW}) = 1 OR is_open"
    return f"SELECT * FROM ({query}){_condition(context, branch.where)}" if branch.where is not None else query
