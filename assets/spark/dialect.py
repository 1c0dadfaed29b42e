"""The models' SQL in Spark's dialect. Models are written for DuckDB; what sqlglot carries over as it is written, though Spark means
something else by it, is put right here and nowhere else.

Each rule says what would go wrong without it (tests/unit/spark/test_dialect.py has a query for each).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping

import sqlglot
from sqlglot import exp

_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_TYPES = {
    "BOOLEAN": "BOOLEAN", "TINYINT": "TINYINT", "SMALLINT": "SMALLINT", "INTEGER": "INT", "BIGINT": "BIGINT",
    "HUGEINT": "DECIMAL(38,0)", "UBIGINT": "DECIMAL(20,0)", "UINTEGER": "BIGINT", "FLOAT": "FLOAT", "DOUBLE": "DOUBLE",
    "VARCHAR": "STRING", "DATE": "DATE", "TIMESTAMP": "TIMESTAMP", "TIMESTAMP_NS": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
}  # fmt: skip


Columns = list[tuple[str, str]]
"""(name, DuckDB's type) of the columns of a relation."""


class DialectError(ValueError):
    """A statement that cannot be written in Spark's dialect."""


def spark_type(duckdb_type: str) -> str:
    """The type in which Spark keeps a DuckDB type without loss.

    Raises:
        DialectError: there is none (nested types).
    """
    if _DECIMAL.fullmatch(duckdb_type):
        return duckdb_type
    if duckdb_type not in _TYPES:
        raise DialectError(f"the engine spark has no column of type {duckdb_type}; cast it in the model")
    return _TYPES[duckdb_type]


def view_name(schema: str, name: str) -> str:
    """The name of a relation in Spark's session of the warehouse."""
    return f"{schema}__{name}"


def relations(tree: exp.Expr) -> set[tuple[str, str]]:
    """(schema, name) of every relation of the warehouse that a parsed query reads."""
    return {(table.db, table.name) for table in tree.find_all(exp.Table) if table.db}


def parse(sql: str) -> list[exp.Expr]:
    """The statements of a text in DuckDB's dialect.

    Raises:
        DialectError: it cannot be read.
    """
    try:
        return [one for one in sqlglot.parse(sql, read="duckdb") if one is not None]
    except sqlglot.errors.SqlglotError as error:
        raise DialectError(f"not read as SQL: {str(error).splitlines()[0]}") from error


def to_spark(tree: exp.Expr) -> str:
    """A parsed query in Spark's dialect; relations by `view_name`."""
    whole = tree.copy()
    for node in reversed(list(whole.walk(bfs=True))):  # the inner ones first: rules take their parts as they find them
        rule = _RULES.get(type(node))
        said = rule(node) if rule else node
        if said is not node:
            whole = said if node is whole else whole
            node.replace(said)
    return whole.sql(dialect="spark")


def bare(query: exp.Expr) -> exp.Expr:
    """The query without the parentheses around it, in which its CTEs are not seen."""
    while isinstance(query, exp.Subquery | exp.Paren) and not query.args.get("alias"):
        query = query.this
    return query


def unions_by_position(tree: exp.Expr, columns_of: Callable[[str], Columns]) -> exp.Expr:
    """The query with every `union by name` written as one by position, which is all that Spark's SQL has.

    Args:
        tree: the parsed query.
        columns_of: (name, type) of the columns of a query, asked for both sides.
    """
    if not any(union.args.get("by_name") for union in tree.find_all(exp.SetOperation)):
        return tree
    whole = tree.copy()
    for union in list(whole.find_all(exp.SetOperation)):
        if not union.args.get("by_name"):
            continue
        before = _ctes_before(union)
        head = f"with {', '.join(cte.sql(dialect='duckdb') for cte in before)} " if before else ""
        sides = {part: columns_of(head + union.args[part].sql(dialect="duckdb")) for part in ("this", "expression")}
        every = dict([*sides["expression"], *sides["this"]])
        order = [name for name, _ in sides["this"]]
        order += [name for name, _ in sides["expression"] if name not in order]
        for part, columns in sides.items():
            chosen = ", ".join(_column(name, every[name], name in dict(columns)) for name in order)
            query = union.args[part].sql(dialect="duckdb")
            union.set(part, sqlglot.parse_one(f"select {chosen} from ({query}) as side", read="duckdb"))
        union.set("by_name", False)
    return whole


def _ctes_before(union: exp.Expr) -> list[exp.CTE]:
    """The CTEs that a union can name: those of every query around it, up to the CTE that it is in; the outer ones first."""
    found: dict[str, exp.CTE] = {}
    inside: exp.Expr | None = None
    node: exp.Expr | None = union
    while node is not None:
        if isinstance(node, exp.Query):
            own = inside
            named = itertools.takewhile(lambda cte: cte is not own, node.ctes)  # noqa: B023
            found = {cte.alias: cte for cte in named} | found
        if isinstance(node, exp.CTE):
            inside = node
        node = node.parent
    return list(found.values())


def _column(name: str, kind: str, is_there: bool) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return quoted if is_there else f"cast(null as {kind}) as {quoted}"


def _double(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node, exp.Cast) and node.is_type("double") else exp.cast(node, "double")


def _relation(node: exp.Expr) -> exp.Expr:
    """One name instead of three; columns may be qualified by the last of them."""
    if not node.args.get("db"):
        return node
    named = node.copy()
    for part in ("catalog", "db"):
        named.set(part, None)
    named.set("this", exp.to_identifier(view_name(node.text("db"), node.name), quoted=True))
    if not node.args.get("alias"):
        named.set("alias", exp.TableAlias(this=exp.to_identifier(node.name)))
    return named


def _division(node: exp.Expr) -> exp.Expr:
    """`/` of DuckDB is a division of doubles, and by 0 it gives the infinities of IEEE 754. Spark divides decimals as decimals, and by 0 it
    fails - also for a row that a condition beside it takes out: it may compute the quotient first."""
    dividend, divisor = _double(node.this), _double(node.expression)
    if _is_never_zero(divisor):
        return exp.Div(this=dividend, expression=divisor, typed=False, safe=False)
    quotient = exp.Anonymous(this="TRY_DIVIDE", expressions=[dividend, divisor])
    infinite = exp.Mul(this=dividend.copy(), expression=exp.cast(exp.Literal.string("Infinity"), "double"))
    by_zero = exp.Case().when(exp.EQ(this=divisor.copy(), expression=_number(0)), infinite)
    return exp.cast(exp.Coalesce(this=quotient, expressions=[by_zero]), "double")


def _is_never_zero(node: exp.Expr) -> bool:
    """Whether an expression says by its own form that it is another number than 0, or null."""
    if isinstance(node, exp.Paren | exp.Abs) or (isinstance(node, exp.Cast) and node.is_type("double")):
        return _is_never_zero(node.this)
    if isinstance(node, exp.Nullif):
        return node.expression.name == "0"
    return isinstance(node, exp.Literal) and node.is_number and float(node.name) != 0


def _remainder(node: exp.Expr) -> exp.Expr:
    """`%` and `//` by 0 are null in DuckDB and an error in Spark."""
    if not _is_never_zero(node.expression):
        node.set("expression", exp.Nullif(this=node.expression, expression=_number(0)))
    return node


def _average(node: exp.Expr) -> exp.Expr:
    """avg of a decimal is a double in DuckDB, a decimal with four more places in Spark."""
    return exp.Avg(this=_double(node.this))


def _extreme(node: exp.Expr) -> exp.Expr:
    """arg_max leaves out rows without a value; max_by returns their null."""
    value, by = node.this, node.expression
    known = exp.Case().when(exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null())), by)
    return exp.Anonymous(this="MAX_BY" if isinstance(node, exp.ArgMax) else "MIN_BY", expressions=[value, known])


def _weekday(node: exp.Expr) -> exp.Expr:
    """sqlglot 30 counts from Tuesday."""
    return exp.Paren(this=exp.Add(this=exp.Anonymous(this="WEEKDAY", expressions=[node.this]), expression=_number(1)))


def _percentile(node: exp.Expr) -> exp.Expr:
    """percentile_cont with two arguments is no function of Spark."""
    return exp.Anonymous(this="PERCENTILE", expressions=[_double(node.this), node.expression])


def _cast(node: exp.Expr) -> exp.Expr:
    """Spark takes no generator within an expression: a series of days is made of dates, so that no cast is around it.

    A double becomes a decimal in DuckDB as it is rounded (`_round`), in Spark by its shortest decimal. To a whole number DuckDB rounds it,
    a half to the even one; Spark cuts its places.
    """
    if isinstance(node.this, exp.Explode) and node.is_type("date"):
        return node.this
    is_double = _is_double(node.this)
    if node.is_type("bigint", "int") and is_double:
        node.set("this", exp.Anonymous(this="RINT", expressions=[node.this]))
    elif node.is_type("decimal") and is_double is not False:
        return _decimal(node)
    return node


def _decimal(node: exp.Expr) -> exp.Expr:
    """The cast of a double, or of what may be one, to a decimal: times the power of ten, rounded, divided.

    Of a decimal or a whole number it is the same; the power is a decimal, so that neither overflows. The value is named once: a form for
    each type, chosen by `typeof`, tripled it with every step of a chain of CTEs (a driver of 3 GB ended in its collector, 2026-12-01).
    """
    value, kind = node.this, node.args["to"]
    places, rounded = int(kind.expressions[1].name), _places(value)
    if rounded is not None and rounded <= places:
        value, places = value.this, rounded
    if not places:
        return exp.Cast(this=exp.Round(this=value), to=kind)
    power = exp.cast(_number(10**places), f"decimal({places + 1}, 0)")
    scaled = exp.Mul(this=exp.Paren(this=value), expression=power)
    unit = exp.Literal.number(f"0.{'1'.rjust(places, '0')}")
    whole = exp.cast(exp.Round(this=scaled), "decimal(38, 0)", dialect="spark")
    # not exp.cast: to it a decimal is as good as another
    return exp.Cast(this=exp.Mul(this=whole, expression=unit), to=kind)


def _series(node: exp.Expr) -> exp.Expr:
    """A series from a day to an earlier one is empty in DuckDB and an error in Spark."""
    start, end = (exp.cast(node.args[part], "date") for part in ("start", "end"))
    days = exp.Anonymous(this="SEQUENCE", expressions=[start, end, node.args["step"]])
    return exp.Case().when(exp.LTE(this=start.copy(), expression=end.copy()), days)


def _round(node: exp.Expr) -> exp.Expr:
    """round of a double multiplies, rounds and divides in DuckDB; Spark rounds its shortest decimal: 169.60965 to 4 places differs.

    Where columns decide whether it is a double it stays, but within a cast to a decimal (`_decimal`).
    """
    places = _places(node)
    if places is None or not _is_double(node.this):
        return node
    power = exp.cast(_number(10**places), "double")
    whole = exp.Round(this=exp.Mul(this=exp.Paren(this=node.this), expression=power))
    return exp.Paren(this=exp.Div(this=whole, expression=power.copy(), typed=False, safe=False))


def _places(node: exp.Expr) -> int | None:
    """n of a round(x, n), None of another expression."""
    places = node.args.get("decimals") if isinstance(node, exp.Round) else None
    return int(places.name) if isinstance(places, exp.Literal) and places.is_int else None


def _is_double(node: exp.Expr | None) -> bool | None:
    """Whether an expression is a double by its own form (a division, a cast, arithmetic with one of them); None where columns decide it."""
    if isinstance(node, exp.Div | exp.Avg):
        return True
    if isinstance(node, exp.Cast):
        return bool(node.is_type("double", "float"))
    if isinstance(node, exp.Literal):
        return "e" in node.name.lower() if node.is_number else False
    if node is None or isinstance(node, exp.Null | exp.Count):
        return False
    if isinstance(node, exp.Case):
        return _any_double([*(one.args["true"] for one in node.args["ifs"]), node.args.get("default")])
    if isinstance(node, exp.Coalesce | exp.Greatest | exp.Least):
        return _any_double([node.this, *node.expressions])
    if isinstance(node, exp.Add | exp.Sub | exp.Mul):
        return _any_double([node.this, node.expression])
    if isinstance(node, _OF_ONE):
        return _is_double(node.this)
    return None


_OF_ONE = (
    exp.Paren,
    exp.Neg,
    exp.Abs,
    exp.Nullif,
    exp.Sum,
    exp.Min,
    exp.Max,
    exp.Filter,
    exp.Window,
    exp.Round,
    exp.Lag,
)
"""Expressions of the type of their first part."""


def _any_double(nodes: Iterable[exp.Expr | None]) -> bool | None:
    found = [_is_double(node) for node in nodes]
    return True if True in found else None if None in found else False


def _replace_first(node: exp.Expr) -> exp.Expr:
    r"""regexp_replace of DuckDB replaces the first match and its groups are `\1`; Spark's replaces all and its groups are `$1`.

    Of a pattern that is anchored at both ends there is one match; others are refused.
    """
    if node.args.get("modifiers"):
        raise DialectError("regexp_replace with 'g' is not carried over to Spark; write it without")
    text = node.args["replacement"]
    for old, new in (("$", "\x01"), ("\\", "$"), ("\x01", "\\$")):
        text = exp.Anonymous(this="REPLACE", expressions=[text, exp.Literal.string(old), exp.Literal.string(new)])
    return exp.Anonymous(this="REGEXP_REPLACE", expressions=[node.this, node.expression, text])


def _joined(node: exp.Expr) -> exp.Expr:
    """LISTAGG with an order fails in Spark 4 (a ClassCastException of its optimizer) beside two aggregates of distinct values.

    The texts are collected with what they are ordered by, sorted as structures, and joined. Nulls come last, as in DuckDB.
    """
    order = node.this
    if not isinstance(order, exp.Order):
        return node
    if isinstance(node.parent, exp.Filter | exp.Window) or any(one.args.get("desc") for one in order.expressions):
        raise DialectError("string_agg with `filter`, `over` or `order by .. desc` is not carried over to Spark")
    is_distinct = isinstance(order.this, exp.Distinct)
    text = order.this.expressions[0] if is_distinct else order.this
    parts = [part for one in order.expressions for part in (exp.Is(this=one.this, expression=exp.Null()), one.this)]
    named = [part for at, one in enumerate([*parts, text]) for part in (exp.Literal.string(f"c{at}"), one.copy())]
    struct = exp.Anonymous(this="NAMED_STRUCT", expressions=named)
    known = exp.Not(this=exp.Is(this=text.copy(), expression=exp.Null()))
    collect = "COLLECT_SET" if is_distinct else "COLLECT_LIST"
    rows = exp.Anonymous(this=collect, expressions=[exp.Case().when(known, struct)])
    texts = exp.Dot(
        this=exp.Anonymous(this="ARRAY_SORT", expressions=[rows]), expression=exp.to_identifier(f"c{len(parts)}")
    )
    whole = exp.Anonymous(this="ARRAY_JOIN", expressions=[texts, node.args["separator"]])
    return exp.Case().when(exp.GT(this=exp.Count(this=text.copy()), expression=_number(0)), whole)


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


_RULES: dict[type[exp.Expr], Callable[..., exp.Expr]] = {
    exp.Table: _relation,
    exp.Div: _division,
    exp.Mod: _remainder,
    exp.IntDiv: _remainder,
    exp.Avg: _average,
    exp.ArgMax: _extreme,
    exp.ArgMin: _extreme,
    exp.DayOfWeekIso: _weekday,
    exp.PercentileCont: _percentile,
    exp.Cast: _cast,
    exp.GenerateSeries: _series,
    exp.RegexpReplace: _replace_first,
    exp.Round: _round,
    exp.GroupConcat: _joined,
}


def with_types(columns: Iterable[tuple[str, str]], found: Mapping[str, str]) -> list[str]:
    """Spark's expressions that give columns the types of DuckDB's; `found`: the types they have in Spark."""
    return [f"{_typed(name, spark_type(kind), found[name])} AS `{name}`" for name, kind in columns]


def _typed(name: str, kind: str, found: str) -> str:
    if found == "double" and _DECIMAL.fullmatch(kind):
        value = exp.column(exp.to_identifier(name, quoted=True))
        return _decimal(exp.Cast(this=value, to=exp.DataType.build(kind, dialect="spark"))).sql(dialect="spark")
    return f"CAST(`{name}` AS {kind})"
