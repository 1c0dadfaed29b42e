"""Expressions of a mapping: parsed by sqlglot and checked against a whitelist. A node that is not named here is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc
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


CAST_KINDS = {
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
ARITHMETIC = (exp.Mul, exp.Div, exp.Mod)
COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
TEXT_FUNCTIONS = (
    exp.Trim, exp.Upper, exp.Lower, exp.Replace, exp.Substring, exp.Concat, exp.DPipe, exp.JSONExtractScalar, exp.RegexpExtract,
)  # fmt: skip
PATTERNS = (exp.RegexpLike,)
_JSON_PATH = (exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript)
_ALLOWED = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Neg, exp.Add, exp.Sub, *ARITHMETIC,
    *COMPARISONS, exp.Is, exp.In, exp.Between, exp.And, exp.Or, exp.Not, exp.Case, exp.If, exp.Coalesce, exp.Nullif,
    exp.Least, exp.Greatest, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, *TEXT_FUNCTIONS, exp.Abs,
    exp.Round, exp.StrToTime, exp.DateFromParts, exp.LastDay, exp.Placeholder, *PATTERNS, *_JSON_PATH,
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
            raise ExpressionError(f"`{node.sql('duckdb')}`: at most the name of one joined table is before a column")
        if isinstance(node, exp.Placeholder) and not node.name.isidentifier():
            raise ExpressionError("a parameter is written `:name`")
        if isinstance(node, exp.Cast) and node.to.this not in CAST_KINDS:
            raise ExpressionError(f"cannot cast to {node.to.sql('duckdb')}")
        if isinstance(node, exp.StrToTime) and not isinstance(node.args.get("format"), exp.Literal):
            raise ExpressionError("the format of strptime must be a literal")
        if isinstance(node, exp.JSONExtractScalar) and not isinstance(
            node.expression, (exp.JSONPath, exp.Literal, exp.Placeholder)
        ):
            raise ExpressionError("the key of `->>` must be a literal or a parameter")
        if isinstance(node, (exp.RegexpLike, exp.RegexpExtract)):
            _check_pattern(node)
        if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest")):
            raise ExpressionError("`in` takes a list of literals")
    return tree


def _check_pattern(node: exp.RegexpLike | exp.RegexpExtract) -> None:
    """Refuse a regular expression that is no literal, or that the database's engine (RE2) would stop at."""
    pattern, group = node.expression, node.args.get("group")
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise ExpressionError("a regular expression must be a literal")
    if node.args.get("flag") is not None or node.args.get("parameters") is not None:
        raise ExpressionError("a regular expression takes no options; write (?i) in it")
    if group is not None and not isinstance(group, exp.Literal):
        raise ExpressionError("the group of regexp_extract must be a literal number")
    try:
        pc.match_substring_regex(pa.array([""]), pattern.name)
    except pa.ArrowInvalid as error:
        raise ExpressionError(f"`{pattern.name}` is no regular expression: {error}") from error


def headers_of(tree: exp.Expr) -> list[str]:
    """Source columns that an expression names, in order of appearance, without repetition."""
    return list(dict.fromkeys(header_of(column) for column in tree.find_all(exp.Column)))


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


def header_of(node: exp.Column) -> str:
    """Source header of a column: `table.column` for one of a joined table."""
    return f"{node.table}.{node.name}" if node.table else node.name
