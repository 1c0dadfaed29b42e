"""Expressions of a mapping: parsed by sqlglot, checked against a whitelist, typed, and rendered to DuckDB SQL.

No text of a mapping ever reaches the database: the parsed tree is rebuilt node by node, and a source column becomes the
internal column that holds it, read as the kind that its place asks for. A node that is not named here is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError


class Kind(StrEnum):
    """What a sub-expression yields."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"


class ExpressionError(ValueError):
    """An expression that does not parse or uses something outside the whitelist."""


@dataclass(frozen=True)
class Read:
    """A source column read as a kind: where reading fails, the row breaks."""

    header: str
    kind: Kind


@dataclass(frozen=True)
class Compiled:
    """DuckDB SQL of an expression, the kind it yields, what it read, and conditions under which it failed."""

    sql: str
    kind: Kind
    reads: tuple[Read, ...]
    failures: tuple[str, ...]


_CAST_KINDS = {
    exp.DType.VARCHAR: Kind.TEXT,
    exp.DType.TEXT: Kind.TEXT,
    exp.DType.INT: Kind.NUMBER,
    exp.DType.BIGINT: Kind.NUMBER,
    exp.DType.DECIMAL: Kind.NUMBER,
    exp.DType.DOUBLE: Kind.NUMBER,
    exp.DType.DATE: Kind.DATE,
    exp.DType.TIMESTAMP: Kind.TIMESTAMP,
    exp.DType.BOOLEAN: Kind.BOOLEAN,
}
_ARITHMETIC = (exp.Mul, exp.Div, exp.Mod)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_TEXT_FUNCTIONS = (exp.Trim, exp.Upper, exp.Lower, exp.Replace, exp.Substring, exp.Concat, exp.DPipe)
_ALLOWED = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Neg, exp.Add, exp.Sub, *_ARITHMETIC,
    *_COMPARISONS, exp.Is, exp.In, exp.Between, exp.And, exp.Or, exp.Not, exp.Case, exp.If, exp.Coalesce, exp.Nullif,
    exp.Least, exp.Greatest, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, *_TEXT_FUNCTIONS, exp.Abs,
    exp.Round, exp.StrToTime, exp.DateFromParts, exp.LastDay, exp.Placeholder,
)  # fmt: skip


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> exp.Expr:
    """Parse and check one expression; raises ExpressionError saying what is not allowed.

    The same text gives the same tree: whoever builds on it takes a copy.
    """
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except SqlglotError as error:
        raise ExpressionError(f"cannot be parsed: {str(error).splitlines()[0]}") from error
    # Around a parameter in brackets the parser leaves an alias without a name.
    tree = tree.transform(lambda node: node.this if isinstance(node, exp.Alias) and not node.alias else node)
    for node in tree.walk():
        if not isinstance(node, _ALLOWED):
            raise ExpressionError(f"`{node.sql('duckdb')[:60]}` is not allowed in an expression")
        if isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
            raise ExpressionError("`if()` is not allowed; write case when ... then ... else ... end")
        if isinstance(node, exp.Column) and (node.db or not isinstance(node.this, exp.Identifier)):
            raise ExpressionError(
                f"`{node.sql('duckdb')}`: at most the name of one joined table stands before a column"
            )
        if isinstance(node, exp.Placeholder) and not node.name.isidentifier():
            raise ExpressionError("a parameter is written `:name`")
        if isinstance(node, exp.Cast) and node.to.this not in _CAST_KINDS:
            raise ExpressionError(f"cannot cast to {node.to.sql('duckdb')}")
        if isinstance(node, exp.StrToTime) and not isinstance(node.args.get("format"), exp.Literal):
            raise ExpressionError("the format of strptime must be a literal")
        if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest")):
            raise ExpressionError("`in` takes a list of literals")
    return tree


def headers_of(tree: exp.Expr) -> list[str]:
    """Source columns that an expression names, in order of appearance, without repetition."""
    return list(dict.fromkeys(_header(column) for column in tree.find_all(exp.Column)))


def parameters_of(tree: exp.Expr) -> list[str]:
    """Parameters (`:name`) that an expression names, without repetition."""
    return list(dict.fromkeys(found.name for found in tree.find_all(exp.Placeholder)))


def bind(tree: exp.Expr, parameters: Mapping[str, str | int | float | bool]) -> exp.Expr:
    """The tree with every parameter replaced by its value as a literal; ExpressionError where one has no value."""

    def value_of(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Placeholder):
            return node
        if node.name not in parameters:
            raise ExpressionError(f"parameter :{node.name} has no value")
        value = parameters[node.name]
        if isinstance(value, bool):
            return exp.Boolean(this=value)
        return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)

    return tree.transform(value_of) if tree.find(exp.Placeholder) else tree


def _header(node: exp.Column) -> str:
    """Source header of a column: `table.column` for one of a joined table."""
    return f"{node.table}.{node.name}" if node.table else node.name


def compile_expression(
    tree: exp.Expr, want: Kind, column_of: Callable[[str, Kind], str], *, timezone: str = "UTC"
) -> Compiled:
    """Render a checked tree. `column_of` gives the internal column that holds a header read as a kind; `want` is
    the target's."""
    builder = _Builder(column_of, timezone)
    node = builder.convert(*builder.build(tree, want), want)
    return Compiled(
        sql=node.sql("duckdb"),
        kind=want,
        reads=tuple(dict.fromkeys(builder.reads)),
        failures=tuple(dict.fromkeys(builder.failures)),
    )


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _cast(node: exp.Expr, kind: str) -> exp.Expr:
    return exp.TryCast(this=node, to=exp.DataType.build(kind, dialect="duckdb"))


def _known_kind(node: exp.Expr | None) -> Kind | None:
    """The kind that a node has by itself; None for a column or a text literal, which take that of their place."""
    if node is None:
        return None
    if isinstance(node, exp.Paren):
        return _known_kind(node.this)
    if isinstance(node, exp.Literal):
        return None if node.is_string else Kind.NUMBER
    if isinstance(node, (exp.Add, exp.Sub)):
        sides = {_known_kind(node.left), _known_kind(node.right)}
        both_dates = _known_kind(node.left) is _known_kind(node.right) is Kind.DATE
        return Kind.DATE if Kind.DATE in sides and not both_dates else Kind.NUMBER
    if isinstance(node, (exp.Neg, exp.Abs, exp.Round, *_ARITHMETIC)):
        return Kind.NUMBER
    if isinstance(node, (exp.DateFromParts, exp.LastDay)):
        return Kind.DATE
    if isinstance(node, exp.StrToTime):
        return Kind.TIMESTAMP if "%H" in node.args["format"].name else Kind.DATE
    if isinstance(node, exp.Cast):
        return _CAST_KINDS[node.to.this]
    if isinstance(node, _TEXT_FUNCTIONS):
        return Kind.TEXT
    if isinstance(node, (*_COMPARISONS, exp.Is, exp.In, exp.Between, exp.And, exp.Or, exp.Not, exp.Boolean)):
        return Kind.BOOLEAN
    if isinstance(node, exp.Case):
        return _first_kind([branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")])
    if isinstance(node, (exp.Coalesce, exp.Least, exp.Greatest)):
        return _first_kind([node.this, *node.expressions])
    if isinstance(node, exp.Nullif):
        return _first_kind([node.this, node.expression])
    return None


def _first_kind(nodes: Sequence[exp.Expr | None]) -> Kind | None:
    return next((kind for kind in map(_known_kind, nodes) if kind is not None), None)


@dataclass
class _Builder:
    column_of: Callable[[str, Kind], str]
    timezone: str
    reads: list[Read] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def get(self, node: exp.Expr, want: Kind | None) -> exp.Expr:
        """Build a node and convert it to the wanted kind."""
        built, kind = self.build(node, want)
        return built if want is None else self.convert(built, kind, want)

    def convert(self, node: exp.Expr, kind: Kind | None, want: Kind) -> exp.Expr:
        if kind is want or kind is None:
            return node
        if want is Kind.TEXT:
            return _call("sk_number_as_text", node) if kind is Kind.NUMBER else _cast(node, "VARCHAR")
        if want is Kind.NUMBER:
            return _cast(node, "DECIMAL(38,10)")
        if want is Kind.TIMESTAMP:
            return _call("timezone", exp.Literal.string(self.timezone), _cast(node, "TIMESTAMP"))
        return _cast(node, want.value.upper())

    def build(self, node: exp.Expr, want: Kind | None) -> tuple[exp.Expr, Kind | None]:
        if isinstance(node, exp.Column):
            return self._column(node, want or Kind.TEXT)
        if isinstance(node, exp.Literal):
            return exp.Literal(this=node.this, is_string=node.is_string), Kind.TEXT if node.is_string else Kind.NUMBER
        if isinstance(node, exp.Null):
            return exp.Null(), None
        if isinstance(node, exp.Boolean):
            return exp.Boolean(this=node.this), Kind.BOOLEAN
        if isinstance(node, exp.Paren):
            built, kind = self.build(node.this, want)
            return exp.Paren(this=built), kind
        if isinstance(node, exp.Cast):
            return self._cast(node)
        if isinstance(node, exp.Case):
            return self._case(node, want)
        if isinstance(node, (exp.Add, exp.Sub)):
            return self._sum(node)
        for handler in (self._arithmetic, self._logic, self._choice, self._text, self._date):
            built_pair = handler(node, want)
            if built_pair is not None:
                return built_pair
        raise ExpressionError(f"`{node.sql('duckdb')[:60]}` is not allowed in an expression")

    def _column(self, node: exp.Column, want: Kind) -> tuple[exp.Expr, Kind]:
        header = _header(node)
        self.reads.append(Read(header, want))
        return exp.column(exp.to_identifier(self.column_of(header, want), quoted=True)), want

    def _cast(self, node: exp.Cast) -> tuple[exp.Expr, Kind]:
        kind = _CAST_KINDS[node.to.this]
        if kind is Kind.NUMBER:
            return _cast(self.get(node.this, Kind.NUMBER), node.to.sql("duckdb")), kind
        plain_column = isinstance(node.this, exp.Column)
        return self.get(node.this, kind if plain_column else _known_kind(node.this)) if plain_column else self.convert(
            *self.build(node.this, _known_kind(node.this)), kind
        ), kind

    def _case(self, node: exp.Case, want: Kind | None) -> tuple[exp.Expr, Kind | None]:
        kind = want or _known_kind(node) or Kind.TEXT
        subject = node.args.get("this")
        subject_kind = _first_kind([subject, *(branch.this for branch in node.args["ifs"])]) or Kind.TEXT
        case = exp.Case(
            this=self.get(subject, subject_kind) if subject is not None else None,
            ifs=[
                exp.If(
                    this=self.get(branch.this, subject_kind if subject is not None else Kind.BOOLEAN),
                    true=self.get(branch.args["true"], kind),
                )
                for branch in node.args["ifs"]
            ],
            default=self.get(node.args["default"], kind) if node.args.get("default") is not None else None,
        )
        return case, kind

    def _sum(self, node: exp.Add | exp.Sub) -> tuple[exp.Expr, Kind]:
        left, right = _known_kind(node.left), _known_kind(node.right)
        if left is Kind.DATE and right is Kind.DATE:
            return type(node)(
                this=self.get(node.left, Kind.DATE), expression=self.get(node.right, Kind.DATE)
            ), Kind.NUMBER
        if left is Kind.DATE:
            days = _cast(self.get(node.right, Kind.NUMBER), "INT")
            return type(node)(this=self.get(node.left, Kind.DATE), expression=days), Kind.DATE
        if right is Kind.DATE:
            raise ExpressionError("a date can only stand left of + or -")
        return (
            type(node)(this=self.get(node.left, Kind.NUMBER), expression=self.get(node.right, Kind.NUMBER)),
            Kind.NUMBER,
        )

    def _arithmetic(self, node: exp.Expr, want: Kind | None) -> tuple[exp.Expr, Kind] | None:
        if isinstance(node, exp.Neg):
            return exp.Neg(this=exp.Paren(this=self.get(node.this, Kind.NUMBER))), Kind.NUMBER
        if isinstance(node, exp.Abs):
            return exp.Abs(this=self.get(node.this, Kind.NUMBER)), Kind.NUMBER
        if isinstance(node, exp.Round):
            digits = node.args.get("decimals")
            digits_sql = _cast(self.get(digits, Kind.NUMBER), "INT") if digits is not None else exp.Literal.number(0)
            return _call("round", self.get(node.this, Kind.NUMBER), digits_sql), Kind.NUMBER
        if isinstance(node, _ARITHMETIC):
            right: exp.Expr = exp.Paren(this=self.get(node.right, Kind.NUMBER))
            if not isinstance(node, exp.Mul):
                # Nothing can be divided by zero: the value is missing, and a required column sends the row to
                # quarantine.
                right = _call("nullif", right, exp.Literal.number(0))
            left: exp.Expr = exp.Paren(this=self.get(node.left, Kind.NUMBER))
            if isinstance(node, exp.Mul):
                # Through DOUBLE, because two DECIMAL(38,10) have no exact product type; the target type rounds to
                # its scale.
                left, right = _cast(left, "DOUBLE"), _cast(right, "DOUBLE")
            return type(node)(this=left, expression=right), Kind.NUMBER
        return None

    def _logic(self, node: exp.Expr, want: Kind | None) -> tuple[exp.Expr, Kind] | None:
        if isinstance(node, (exp.And, exp.Or)):
            sides = [exp.Paren(this=self.get(side, Kind.BOOLEAN)) for side in (node.left, node.right)]
            return type(node)(this=sides[0], expression=sides[1]), Kind.BOOLEAN
        if isinstance(node, exp.Not):
            return exp.Not(this=exp.Paren(this=self.get(node.this, Kind.BOOLEAN))), Kind.BOOLEAN
        if isinstance(node, exp.Is):
            return exp.Is(this=self.get(node.this, None), expression=exp.Null()), Kind.BOOLEAN
        if isinstance(node, _COMPARISONS):
            kind = _first_kind([node.left, node.right]) or Kind.TEXT
            return type(node)(this=self.get(node.left, kind), expression=self.get(node.right, kind)), Kind.BOOLEAN
        if isinstance(node, exp.In):
            kind = _first_kind([node.this, *node.expressions]) or Kind.TEXT
            members = [self.get(member, kind) for member in node.expressions]
            return exp.In(this=self.get(node.this, kind), expressions=members), Kind.BOOLEAN
        if isinstance(node, exp.Between):
            low, high = node.args["low"], node.args["high"]
            kind = _first_kind([node.this, low, high]) or Kind.TEXT
            return exp.Between(
                this=self.get(node.this, kind), low=self.get(low, kind), high=self.get(high, kind)
            ), Kind.BOOLEAN
        return None

    def _choice(self, node: exp.Expr, want: Kind | None) -> tuple[exp.Expr, Kind] | None:
        kind = want or _known_kind(node) or Kind.TEXT
        if isinstance(node, (exp.Coalesce, exp.Least, exp.Greatest)):
            name = {exp.Coalesce: "coalesce", exp.Least: "least", exp.Greatest: "greatest"}[type(node)]
            return _call(name, *(self.get(item, kind) for item in (node.this, *node.expressions))), kind
        if isinstance(node, exp.Nullif):
            return _call("nullif", self.get(node.this, kind), self.get(node.expression, kind)), kind
        return None

    def _text(self, node: exp.Expr, want: Kind | None) -> tuple[exp.Expr, Kind] | None:
        if isinstance(node, exp.DPipe):
            sides = [self.get(side, Kind.TEXT) for side in (node.left, node.right)]
            return exp.DPipe(this=sides[0], expression=sides[1], safe=True), Kind.TEXT
        if isinstance(node, exp.Concat):
            return _call("concat", *(self.get(item, Kind.TEXT) for item in node.expressions)), Kind.TEXT
        if isinstance(node, exp.Substring):
            bounds = [node.args[name] for name in ("start", "length") if node.args.get(name) is not None]
            whole = [_cast(self.get(bound, Kind.NUMBER), "BIGINT") for bound in bounds]
            return _call("substr", self.get(node.this, Kind.TEXT), *whole), Kind.TEXT
        if isinstance(node, exp.Replace):
            parts = [node.this, node.expression, node.args["replacement"]]
            return _call("replace", *(self.get(part, Kind.TEXT) for part in parts)), Kind.TEXT
        if isinstance(node, (exp.Trim, exp.Upper, exp.Lower)):
            name = {exp.Trim: "trim", exp.Upper: "upper", exp.Lower: "lower"}[type(node)]
            return _call(name, self.get(node.this, Kind.TEXT)), Kind.TEXT
        return None

    def _date(self, node: exp.Expr, want: Kind | None) -> tuple[exp.Expr, Kind] | None:
        if isinstance(node, exp.LastDay):
            return _call("last_day", self.get(node.this, Kind.DATE)), Kind.DATE
        if isinstance(node, exp.DateFromParts):
            parts = [_cast(self.get(node.args[name], Kind.NUMBER), "BIGINT") for name in ("year", "month", "day")]
            return self._may_fail(_call("try", _call("make_date", *parts)), parts), Kind.DATE
        if isinstance(node, exp.StrToTime):
            text = self.get(node.this, Kind.TEXT)
            moment = _call("try_strptime", text, exp.Literal.string(node.args["format"].name))
            kind = _known_kind(node) or Kind.DATE
            return self._may_fail(_cast(moment, kind.value.upper()), [text]), kind
        return None

    def _may_fail(self, result: exp.Expr, inputs: Sequence[exp.Expr]) -> exp.Expr:
        """Remember that `result` being NULL while every input is there means that the row cannot be read."""
        given = " AND ".join(f"({item.sql('duckdb')}) IS NOT NULL" for item in inputs)
        self.failures.append(f"({given}) AND ({result.sql('duckdb')}) IS NULL")
        return result
