"""From the text of a rule to SQL: parsed, limited to a whitelist, checked against real columns. Never string-pasted.

Allowed: columns of the table, numbers, texts, `true false null`, `+ - * /`, comparison, `between`, `in (...)`, `is`,
`like`, `and or not`, `case`, `coalesce`, `nullif`, `abs`, `least`, `greatest`, `round`, `lower`, `upper`, `cast` and
`date '2026-01-31'`; in `measures` also `sum`, `count`, `avg`, `min` and `max`. No clock (use the as-of date of the mart), no
sub-query, no function beyond these.

A rule with `group` and `measures` is compiled over the grouped rows: its `when`, `value` and `task` see the group's columns and
the measures, which are DOUBLE. With `history` every row has `days_ago`, its distance in days from the newest row's day, so that
measures compare weeks with the weeks before.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from expectations.rules.model import Rule

Columns = Mapping[str, str]  # column -> DuckDB type
DIALECT = "duckdb"
DAYS_AGO = "days_ago"  # the column that `history` adds

ALLOWED = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Neg,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE,
    exp.Between, exp.In, exp.Is, exp.Like, exp.And, exp.Or, exp.Not, exp.Case, exp.If,
    exp.Coalesce, exp.Nullif, exp.Abs, exp.Least, exp.Greatest, exp.Round, exp.Lower, exp.Upper,
    exp.Cast, exp.DataType, exp.DataTypeParam,
)  # fmt: skip
AGGREGATES = (exp.Sum, exp.Count, exp.Avg, exp.Min, exp.Max, exp.Star, exp.Distinct)
IDENTITY = ("item_id", "warehouse_id", "doc_no", "source_instance", "owner_name", "source_file", "source_row")
COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
CAST_TYPES = {"DATE", "DOUBLE", "INT", "BIGINT", "DECIMAL", "VARCHAR", "TEXT", "BOOLEAN"}


class RuleError(ValueError):
    """A rule that cannot be run; the message names the rule, its line, the key and the mistake."""

    @classmethod
    def of(cls, rule: Rule, key: str, mistake: str) -> RuleError:
        """The error of one key of a rule."""
        where = f" (line {rule.line})" if rule.line else ""
        return cls(f"rule {rule.id}{where}, {key}: {mistake}")


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """The SQL of one rule. `count_sql` gives rows, rows that fire, rows that cannot be judged (a null in the way)."""

    rule: Rule
    count_sql: str
    rows_sql: str
    shown: tuple[str, ...]  # columns that the condition reads: the evidence


def compile_rule(rule: Rule, columns: Columns, schema: str = "") -> CompiledRule:
    """Compile a rule against the columns of its table. Raises RuleError."""
    table: exp.Expression = exp.to_table(f"{schema}.{rule.table}" if schema else rule.table)
    if rule.latest:
        table = _newest_day(rule, table, columns)
    if rule.history:
        table, columns = _with_days_ago(rule, table, columns)
    if rule.group:
        table, columns = _grouped(rule, table, columns)
    when = _parse(rule, "when", rule.when, columns)
    value = _parse(rule, "value", rule.value, columns) if rule.value else exp.Null()
    try:
        placeholders = rule.placeholders()
    except ValueError as error:
        raise RuleError.of(rule, "task", str(error)) from error
    day = (rule.date,) if rule.date else ()
    named = (("task", placeholders), ("key", rule.key), ("group_by", rule.group_columns), ("date", day))
    for key, names in named:
        for name in names:
            _known(rule, key, name, columns)
    if rule.date and columns[rule.date] not in ("DATE", ""):
        raise RuleError.of(rule, "date", f"{rule.date} is {columns[rule.date]}, not a date")
    shown = tuple(dict.fromkeys(column.name for column in when.find_all(exp.Column)))
    if not shown:
        raise RuleError.of(rule, "when", "names no column")
    wanted = dict.fromkeys([*rule.key, *rule.group_columns, *day, *shown, *placeholders])
    wanted |= dict.fromkeys(name for name in IDENTITY if name in columns)
    rows = (
        exp.select(*[exp.column(name, quoted=True) for name in wanted])
        .select(exp.alias_(exp.Cast(this=exp.paren(value), to=exp.DataType.build("DOUBLE")), "_value"))
        .from_(table)
        .where(when.copy())
        .order_by(*[exp.column(name, quoted=True) for name in rule.key])
    )
    unknown = exp.Is(this=exp.paren(when.copy()), expression=exp.Null())
    counts = exp.select(exp.Count(this=exp.Star()), _count_where(when.copy()), _count_where(unknown)).from_(
        table.copy()
    )
    return CompiledRule(rule, counts.sql(dialect=DIALECT), rows.sql(dialect=DIALECT), shown)


def _newest_day(rule: Rule, table: exp.Expression, columns: Columns) -> exp.Expression:
    """The rows of the newest day of a mart that keeps earlier days."""
    newest = _newest(rule, "latest", rule.latest, table, columns)
    day = exp.column(rule.latest, quoted=True)
    return exp.select("*").from_(table).where(exp.EQ(this=day, expression=newest)).subquery("newest")


def _with_days_ago(rule: Rule, table: exp.Expression, columns: Columns) -> tuple[exp.Expression, Columns]:
    """All rows of a mart that keeps earlier days, each with its distance from the newest day."""
    if DAYS_AGO in columns:
        raise RuleError.of(rule, "history", f"{rule.table} has a column {DAYS_AGO} of its own")
    newest = _newest(rule, "history", rule.history, table, columns)
    ago = exp.Sub(this=newest, expression=exp.column(rule.history, quoted=True))
    return exp.select("*", exp.alias_(ago, DAYS_AGO)).from_(table).subquery("days"), {**columns, DAYS_AGO: "BIGINT"}


def _newest(rule: Rule, key: str, name: str, table: exp.Expression, columns: Columns) -> exp.Expression:
    """The newest day in a date column."""
    _known(rule, key, name, columns)
    if columns[name] not in ("DATE", ""):
        raise RuleError.of(rule, key, f"{name} is {columns[name]}, not a date")
    return exp.select(exp.Max(this=exp.column(name, quoted=True))).from_(table.copy()).subquery()


def _grouped(rule: Rule, table: exp.Expression, columns: Columns) -> tuple[exp.Expression, Columns]:
    """The groups of a rule as a table of their own, and its columns."""
    for name in rule.group:
        _known(rule, "group", name, columns)
    taken = sorted(rule.measures.keys() & columns.keys())
    if taken:
        raise RuleError.of(rule, "measures", f"{taken[0]} is a column of {rule.table}; give the measure another name")
    measured = [
        exp.alias_(exp.Cast(this=_parse(rule, f"measures.{name}", text, columns, aggregates=True),
                            to=exp.DataType.build("DOUBLE")), name, quoted=True)
        for name, text in rule.measures.items()
    ]  # fmt: skip
    groups = [exp.column(name, quoted=True) for name in rule.group]
    select = exp.select(*groups, *measured).from_(table).group_by(*[column.copy() for column in groups])
    if rule.where:
        select = select.where(_parse(rule, "where", rule.where, columns))
    found = {name: columns[name] for name in rule.group} | dict.fromkeys(rule.measures, "DOUBLE")
    return select.subquery("grouped"), found


def validate(rules: Iterable[Rule], tables: Mapping[str, Columns]) -> list[CompiledRule]:
    """Compile every rule and let DuckDB bind it against empty tables of these columns.

    Raises RuleError for a column, a table or a type that does not fit (a text compared with a number); its message has a line for
    each rule that is wrong.
    """
    compiled: list[CompiledRule] = []
    with duckdb.connect() as con:
        made: set[str] = set()

        def check(rule: Rule) -> None:
            _table_known(rule, tables)
            columns = tables[rule.table]
            if rule.table not in made:
                typed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
                con.execute(f'create table "{rule.table}" ({typed})')
                made.add(rule.table)
            result = compile_rule(rule, columns)
            try:
                con.execute(result.count_sql)
                con.execute(result.rows_sql)
            except duckdb.Error as error:
                raise RuleError.of(rule, "when", str(error).splitlines()[0]) from error
            compiled.append(result)

        _check_each(rules, check)
    return compiled


def check_names(rules: Iterable[Rule], tables: Mapping[str, Columns]) -> None:
    """Check tables and columns of rules where no release has been made yet; a column without a type is checked by name only.

    Raises RuleError, with a line for each rule that is wrong.
    """

    def check(rule: Rule) -> None:
        _table_known(rule, tables)
        compile_rule(rule, tables[rule.table])

    _check_each(rules, check)


def _check_each(rules: Iterable[Rule], check: Callable[[Rule], None]) -> None:
    """Raise the mistakes of all rules at once."""
    mistakes: list[str] = []
    for rule in rules:
        try:
            check(rule)
        except RuleError as error:
            mistakes.append(str(error))
    if mistakes:
        raise RuleError("\n".join(mistakes))


def _table_known(rule: Rule, tables: Mapping[str, Columns]) -> None:
    if rule.table not in tables:
        near = difflib.get_close_matches(rule.table, sorted(tables), n=3) or sorted(tables)
        raise RuleError.of(rule, "table", f"{rule.table} is no mart; did you mean {', '.join(near)}?")


def _parse(rule: Rule, key: str, text: str, columns: Columns, *, aggregates: bool = False) -> exp.Expression:
    try:
        parsed = sqlglot.parse(text, read=DIALECT)
    except SqlglotError as error:
        raise RuleError.of(rule, key, f"cannot be read: {text!r}") from error
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Expression):
        raise RuleError.of(rule, key, f"must be one expression: {text!r}")
    tree = parsed[0]
    for node in tree.walk():
        if not isinstance(node, ALLOWED + AGGREGATES if aggregates else ALLOWED):
            raise RuleError.of(rule, key, f"{node.sql(dialect=DIALECT)!r} is not allowed in a rule")
        if isinstance(node, exp.Column):
            if node.table:
                raise RuleError.of(rule, key, f"write {node.name}, not {node.sql(dialect=DIALECT)}")
            _known(rule, key, node.name, columns)
            node.this.set("quoted", True)
            logical = _bare_parent(node) is None or isinstance(_bare_parent(node), exp.And | exp.Or | exp.Not)
            if key in ("when", "where") and logical and columns[node.name] not in ("BOOLEAN", ""):
                raise RuleError.of(rule, key, f"{node.name} is {columns[node.name]}; compare it with something")
        if isinstance(node, COMPARED):
            _like_with_like(rule, key, node, columns)
        if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest") or node.args.get("field")):
            raise RuleError.of(rule, key, "`in` takes a list of values in brackets")
        if isinstance(node, exp.Cast) and node.to.this.value not in CAST_TYPES:
            raise RuleError.of(rule, key, f"a cast to {node.to.sql(dialect=DIALECT)} is not allowed in a rule")
    return tree


def _like_with_like(rule: Rule, key: str, node: exp.Expression, columns: Columns) -> None:
    """Refuse a number or a date compared with a text in quotes: DuckDB would only fail on the first row."""
    sides = list(node.iter_expressions())
    texts = [side.name for side in sides if isinstance(side, exp.Literal) and side.is_string]
    for column in (side for side in sides if isinstance(side, exp.Column)):
        kind = columns.get(column.name, "")
        if texts and kind == "DATE":
            try:
                [date.fromisoformat(text) for text in texts]
            except ValueError:
                raise RuleError.of(rule, key, f"{column.name} is a date; write date '2026-01-31'") from None
        elif texts and kind and kind != "VARCHAR":
            raise RuleError.of(rule, key, f"{column.name} is {kind}, not the text '{texts[0]}'")


def _bare_parent(node: exp.Column) -> object:
    """The parent of a node, brackets left out; None at the root."""
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return parent


def _count_where(condition: exp.Expression) -> exp.Count:
    """How many rows meet a condition: 0, not null, of no rows at all."""
    return exp.Count(this=exp.Case().when(condition, exp.Literal.number(1)))


def _known(rule: Rule, key: str, name: str, columns: Columns) -> None:
    if name not in columns:
        near = sorted(columns, key=lambda c: (-len(set(c.split("_")) & set(name.split("_"))), c))[:3]
        raise RuleError.of(rule, key, f"{rule.table} has no column {name}; did you mean {', '.join(near)}?")
