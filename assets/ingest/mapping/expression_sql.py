"""Checked expressions of a mapping as DuckDB SQL.

No text of a mapping ever reaches the database: the parsed tree is rebuilt node by node, and a source column becomes the
internal column that holds it, read as the kind that its place asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from assets.ingest.mapping.expressions import (
    ARITHMETIC,
    CAST_KINDS,
    COMPARISONS,
    PATTERNS,
    TEXT_FUNCTIONS,
    ExpressionError,
    Kind,
    header_of,
)


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
    if isinstance(node, (exp.Neg, exp.Abs, exp.Round, *ARITHMETIC)):
        return Kind.NUMBER
    if isinstance(node, (exp.DateFromParts, exp.LastDay)):
        return Kind.DATE
    if isinstance(node, exp.StrToTime):
        return Kind.TIMESTAMP if "%H" in node.args["format"].name else Kind.DATE
    if isinstance(node, exp.Cast):
        return CAST_KINDS[node.to.this]
    if isinstance(node, TEXT_FUNCTIONS):
        return Kind.TEXT
    if isinstance(node, (*COMPARISONS, *PATTERNS, exp.Is, exp.In, exp.Between, exp.And, exp.Or, exp.Not, exp.Boolean)):
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


def _json_path(node: exp.Expr) -> str:
    """Path of a value inside JSON, in DuckDB's spelling: `$."zh_CN"`, `$."lines"[0]`."""
    parts = node.expressions if isinstance(node, exp.JSONPath) else [exp.JSONPathKey(this=node.name)]
    steps = [part for part in parts if not isinstance(part, exp.JSONPathRoot)]
    if any('"' in str(step.this) for step in steps):
        raise ExpressionError("a key inside JSON has no quotation mark")
    return "$" + "".join(f"[{s.this}]" if isinstance(s, exp.JSONPathSubscript) else f'."{s.this}"' for s in steps)


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
        header = header_of(node)
        self.reads.append(Read(header, want))
        return exp.column(exp.to_identifier(self.column_of(header, want), quoted=True)), want

    def _cast(self, node: exp.Cast) -> tuple[exp.Expr, Kind]:
        kind = CAST_KINDS[node.to.this]
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
            raise ExpressionError("a date can only be left of + or -")
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
        if isinstance(node, ARITHMETIC):
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
        if isinstance(node, COMPARISONS):
            kind = _first_kind([node.left, node.right]) or Kind.TEXT
            return type(node)(this=self.get(node.left, kind), expression=self.get(node.right, kind)), Kind.BOOLEAN
        if isinstance(node, exp.In):
            kind = _first_kind([node.this, *node.expressions]) or Kind.TEXT
            members = [self.get(member, kind) for member in node.expressions]
            return exp.In(this=self.get(node.this, kind), expressions=members), Kind.BOOLEAN
        if isinstance(node, PATTERNS):
            return type(node)(
                this=self.get(node.this, Kind.TEXT), expression=self.get(node.expression, Kind.TEXT)
            ), Kind.BOOLEAN
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
        if isinstance(node, exp.JSONExtractScalar):
            # A text that is no JSON has no such value: systems keep plain and nested names in one column over versions.
            text = self.get(node.this, Kind.TEXT)
            value = _call("json_extract_string", text, exp.Literal.string(_json_path(node.expression)))
            return exp.Case(ifs=[exp.If(this=_call("json_valid", text.copy()), true=value)]), Kind.TEXT
        if isinstance(node, exp.RegexpExtract):
            group = node.args.get("group") or exp.Literal.number(0)
            parts = [
                self.get(node.this, Kind.TEXT),
                self.get(node.expression, Kind.TEXT),
                exp.Literal.number(group.name),
            ]
            return _call("nullif", _call("regexp_extract", *parts), exp.Literal.string("")), Kind.TEXT
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
