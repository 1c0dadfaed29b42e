"""SQL that reads one contract column from a source row, and the rules that watch the reading and the value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from assets.ingest.contracts import Column, ColumnType, Contract
from assets.ingest.mapping.column_rules import ColumnRule
from assets.ingest.mapping.expression_numbers import header_tree, scaled, signed
from assets.ingest.mapping.expression_sql import Compiled, compile_expression
from assets.ingest.mapping.expressions import Kind, bind, parse_expression
from assets.ingest.mapping.language import Dataset, Mapping
from assets.ingest.reading.header_match import HeaderMatch
from assets.ingest.settings import SourceSettings
from assets.ingest.sqltext import ident, literal
from assets.ingest.typing.failure_reasons import sentence_of
from assets.ingest.typing.source_values import SourceValues, way_of
from assets.ingest.typing.text_macros import cast_text, fit_decimal

_KINDS = {
    ColumnType.TEXT: Kind.TEXT,
    ColumnType.ENUM: Kind.TEXT,
    ColumnType.BOOLEAN: Kind.BOOLEAN,
    ColumnType.DATE: Kind.DATE,
    ColumnType.TIMESTAMP: Kind.TIMESTAMP,
}
_TYPE_OF_KIND = {
    Kind.NUMBER: ColumnType.FACTOR,
    Kind.DATE: ColumnType.DATE,
    Kind.TIMESTAMP: ColumnType.TIMESTAMP,
    Kind.BOOLEAN: ColumnType.BOOLEAN,
}
_NOUNS = {
    ColumnType.BOOLEAN: ("boolean", "neither yes nor no"),
    ColumnType.DATE: ("date", "not a date of a known format"),
    ColumnType.TIMESTAMP: ("timestamp", "not a point in time"),
    ColumnType.INTEGER: ("number", "not a whole number"),
}


@dataclass(frozen=True)
class Rule:
    """A reason to keep a row out: SQL condition, offending value and sentence, all over the `t_` layer."""

    rule_id: str
    column: str
    condition: str
    bad_value: str
    reason: str


@dataclass(frozen=True)
class Context:
    """All that the SQL of one file depends on."""

    contract: Contract
    mapping: Mapping
    dataset: Dataset
    source: SourceSettings
    header: HeaderMatch
    checked_masters: frozenset[str]
    suffixes: dict[tuple[str, ...], str]
    source_values: SourceValues

    @cached_property
    def parameters(self) -> dict[str, str | int | float | bool]:
        """Values of the parameters that expressions may name."""
        return self.mapping.parameter_values(self.source.parameters, self.source.built_in_parameters)

    def tree(self, text: str) -> exp.Expr:
        """A checked expression with its parameters put in."""
        return bind(parse_expression(text), self.parameters)

    def column_of(self, suffix: str) -> Callable[[str, Kind], str]:
        """For expressions: the value that holds a header read as a kind."""
        return lambda header, kind: self.source_values.of_kind(self.header.column_of(header), kind, suffix)

    def suffix(self, rule: ColumnRule) -> str:
        """Suffix of the date macros for a column."""
        return self.suffixes[rule.formats]


@dataclass(frozen=True)
class ColumnSql:
    """How one column is read: SQL of its value, and the rules that watch the reading."""

    value: str
    rules: tuple[Rule, ...] = ()
    expression: str | None = None


def _quoted(value: str) -> str:
    return f"COALESCE('''' || {value} || '''', 'nothing')"


def read_column(context: Context, column: Column, rule: ColumnRule) -> ColumnSql:
    """How a column is got by its rule of the mapping: constant, enum, header or expression."""
    if rule.const is not None:
        text = literal(str(rule.const).lower() if isinstance(rule.const, bool) else str(rule.const))
        return ColumnSql(cast_text(column.type, text, is_code=column.is_code, date_suffix=context.suffix(rule)))
    if rule.from_ is not None and not context.header.has(rule.from_):
        return ColumnSql(f"CAST(NULL AS {column.type.duckdb})")
    if rule.enum is not None:
        return _read_enum(context, column, rule)
    if rule.from_ is not None and not rule.is_scaled:
        raw, suffix = context.header.column_of(rule.from_), context.suffix(rule)
        way = "code" if column.is_code else way_of(column.type)
        value = context.source_values.value(raw, way, suffix)
        return ColumnSql(_fit(column, value), _parse_rules(context, column, rule.from_, way, suffix, value))
    return _read_expression(context, column, rule)


def _fit(column: Column, value: str) -> str:
    """Bring a number into the type of its column; other source values have it already."""
    if column.type is ColumnType.INTEGER:
        return f"CASE WHEN {value} = trunc({value}) THEN TRY_CAST({value} AS BIGINT) END"
    if column.type.duckdb.startswith("DECIMAL"):
        return fit_decimal(value, column.type.duckdb)
    return f"TRY_CAST({value} AS {column.type.duckdb})" if column.type.is_numeric else value


def _parse_rules(
    context: Context, column: Column, header: str, way: str, suffix: str, value: str | None
) -> tuple[Rule, ...]:
    """The text could not be read; with `value`, also: what was read does not fit the type."""
    if way in ("text", "code"):
        return ()
    raw = context.header.column_of(header)
    noun, sentence = _NOUNS.get(
        column.type if value else _TYPE_OF_KIND[Kind(way)], ("number", "not a number that the column can hold")
    )
    unfit = (
        f" OR ({value} IS NOT NULL AND {ident('t_' + column.name)} IS NULL)" if value and column.type.is_numeric else ""
    )
    return (
        Rule(
            f"unparseable_{noun}",
            column.name,
            f"{context.source_values.unreadable(raw, way, suffix)}{unfit}",
            raw,
            f"{literal(f'{context.header.title_of(header)}: ')} || {_quoted(raw)} || ' ' || {sentence_of(noun, raw, f'is {sentence}')}",
        ),
    )


def _read_expression(context: Context, column: Column, rule: ColumnRule) -> ColumnSql:
    want = _KINDS.get(column.type, Kind.NUMBER)
    base = header_tree(rule.from_) if rule.from_ is not None else context.tree(rule.expr or "")
    compiled = _compile(context, rule, _scale(context, rule, base), want)
    rules: list[Rule] = []
    for read in compiled.reads:
        rules += _parse_rules(context, column, read.header, read.kind.value, context.suffix(rule), None)
    computed = ident("e_" + column.name)
    value = _narrow(column, computed)
    failures = list(compiled.failures)
    if rule.is_scaled:
        failures.append(f"({_compile(context, rule, base, want).sql}) IS NOT NULL AND {computed} IS NULL")
    if column.type.is_numeric:
        failures.append(f"{computed} IS NOT NULL AND {ident('t_' + column.name)} IS NULL")
    inputs = " || ', ' || ".join(
        f"{literal(read.header + '=')} || COALESCE({context.header.column_of(read.header)}, '')"
        for read in compiled.reads
    )
    for failure in failures:
        sentence = literal(f"{column.name} cannot be computed from ")
        rules.append(
            Rule(
                "expression_failed",
                column.name,
                failure,
                inputs or "NULL",
                f"{sentence} || {inputs or literal('its expression')}",
            )
        )
    return ColumnSql(value, tuple(rules), compiled.sql)


def _scale(context: Context, rule: ColumnRule, base: exp.Expr) -> exp.Expr:
    """The number of a rule with its sign, unit factor and price unit."""
    factor, per = (context.tree(text) if text is not None else None for text in (rule.factor, rule.per))
    value = scaled(base.copy(), factor, per)
    return signed(value, context.tree(rule.sign)) if rule.sign is not None else value


def _compile(context: Context, rule: ColumnRule, tree: exp.Expr, want: Kind) -> Compiled:
    value = context.column_of(context.suffix(rule))
    return compile_expression(tree, want, value, timezone=context.source.timezone)


def _narrow(column: Column, sql: str) -> str:
    """Fit the value of an expression into the contract type."""
    if column.type in (ColumnType.TEXT, ColumnType.ENUM):
        return f"sk_code({sql})" if column.is_code or column.type is ColumnType.ENUM else f"sk_text({sql})"
    return _fit(column, f"({sql})")


def _read_enum(context: Context, column: Column, rule: ColumnRule) -> ColumnSql:
    computed: str | None = None
    if rule.from_ is not None:
        raw = context.header.column_of(rule.from_)
        text = context.source_values.value(raw, "code")
    else:
        tree = context.tree(rule.expr or "")
        # In a layer of its own: the lookup below names it once for every code.
        computed = compile_expression(tree, Kind.TEXT, context.column_of(context.suffix(rule))).sql
        raw = ident("e_" + column.name)
        text = f"sk_code({raw})"
    codes = dict(context.mapping.enums[rule.enum or ""])
    default = codes.pop("_default")
    branches = " ".join(f"WHEN {literal(half_width(code))} THEN {_enum_value(value)}" for code, value in codes.items())
    other = (
        "NULL" if default in ("fail", "null", None) else f"CASE WHEN {text} IS NOT NULL THEN {_enum_value(default)} END"
    )
    value = f"CASE {text} {branches} ELSE {other} END" if branches else other
    if column.type is ColumnType.BOOLEAN:
        value = f"TRY_CAST({value} AS BOOLEAN)"
    if default != "fail":
        return ColumnSql(value, (), computed)
    known = ", ".join(literal(half_width(code)) for code in codes) or "NULL"
    label = context.header.title_of(rule.from_) if rule.from_ is not None else column.name
    sentence = f" is a code that enum {rule.enum} of the mapping does not have"
    return ColumnSql(
        value,
        (
            Rule(
                "unknown_code",
                column.name,
                f"{text} IS NOT NULL AND {text} NOT IN ({known})",
                raw,
                f"{literal(label + ': ')} || {_quoted(raw)} || {literal(sentence)}",
            ),
        ),
        computed,
    )


def _enum_value(value: str | int | float | bool | None) -> str:
    if value is None:
        return "NULL"
    return literal(str(value).lower() if isinstance(value, bool) else str(value))


def half_width(code: str) -> str:
    """A code as `sk_code` reads it."""
    return "".join(chr(ord(char) - 0xFEE0) if 0xFF01 <= ord(char) <= 0xFF5E else char for char in code).strip()


def value_rules(
    context: Context, column: Column, rule: ColumnRule | None, reading: ColumnSql | None, instead: Sequence[str] = ()
) -> list[Rule]:
    """Rules of the contract itself: required, allowed values, range, references.

    `instead`: columns that the value follows from where it is empty (`unless` of the contract); none where a mapping lacks one of them.
    """
    name = column.name
    absent = f" AND NOT ({' AND '.join(f'{other} IS NOT NULL' for other in instead)})" if instead else ""
    if reading is None:
        if not (column.is_required and instead):
            return []
        sentence = f"{name} is not mapped, and {' or '.join(column.unless)} is empty"
        return [Rule("required", name, absent.removeprefix(" AND "), "NULL", literal(sentence))]
    value = ident("t_" + name)
    label = context.header.title_of(rule.from_) if rule is not None and rule.from_ is not None else name
    rules: list[Rule] = []
    if column.is_required:
        unread = "".join(f" AND NOT ({other.condition})" for other in reading.rules)
        rules.append(
            Rule(
                "required",
                name,
                f"{value} IS NULL{absent}{unread}",
                "NULL",
                literal(f"{label} is empty, but every row must have it"),
            )
        )
    if column.values is not None and (rule is None or (rule.enum is None and rule.const is None)):
        allowed = ", ".join(literal(item) for item in column.values)
        sentence = f" is not one of {', '.join(column.values)}"
        rules.append(
            Rule(
                "enum",
                name,
                f"{value} NOT IN ({allowed})",
                value,
                f"{literal(label + ': ')} || {_quoted(value)} || {literal(sentence)}",
            )
        )
    for bound, sign, word in ((column.min, "<", "below the least"), (column.max, ">", "above the most")):
        if bound is not None:
            text = f"CAST({value} AS VARCHAR)"
            sentence = f" is {word} allowed, {bound:g}"
            rules.append(
                Rule(
                    "range",
                    name,
                    f"{value} {sign} {bound:g}",
                    text,
                    f"{literal(label + ': ')} || {text} || {literal(sentence)}",
                )
            )
    master = context.contract.references.get(name)
    if master is not None and master in context.checked_masters:
        company = literal(context.source.company)
        known = f"SELECT code FROM known_{master} WHERE company_code = {company}"
        sentence = f" is in no {master} master that has been loaded for company {context.source.company}"
        rules.append(
            Rule(
                f"unknown_{master}",
                name,
                f"{value} IS NOT NULL AND {value} NOT IN ({known})",
                value,
                f"{literal(label + ': ')} || {_quoted(value)} || {literal(sentence)}",
            )
        )
    return rules
