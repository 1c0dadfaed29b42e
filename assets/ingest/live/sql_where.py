"""Conditions of a mapping as SQLAlchemy conditions: the checked tree is rebuilt node by node, values become parameters.

Only what every database understands alike is carried over; anything else is refused with the part that is meant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from sqlglot import exp

from assets.ingest.mapping.expressions import ExpressionError

ColumnOf = Callable[[str], sa.ColumnElement[Any]]
_COMPARE: dict[type[exp.Expr], Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    exp.EQ: lambda left, right: left == right,
    exp.NEQ: lambda left, right: left != right,
    exp.GT: lambda left, right: left > right,
    exp.GTE: lambda left, right: left >= right,
    exp.LT: lambda left, right: left < right,
    exp.LTE: lambda left, right: left <= right,
}


def sql_condition(tree: exp.Expr, column_of: ColumnOf) -> sa.ColumnElement[bool]:
    """A checked condition (parameters bound) over the columns that `column_of` gives for headers.

    Raises ExpressionError for what is not carried to a database.
    """
    if isinstance(tree, exp.Paren):
        return sql_condition(tree.this, column_of)
    if isinstance(tree, exp.And):
        return sa.and_(sql_condition(tree.this, column_of), sql_condition(tree.expression, column_of))
    if isinstance(tree, exp.Or):
        return sa.or_(sql_condition(tree.this, column_of), sql_condition(tree.expression, column_of))
    if isinstance(tree, exp.Not):
        return sa.not_(sql_condition(tree.this, column_of))
    if isinstance(tree, exp.Is) and isinstance(tree.expression, exp.Null):
        return _column(tree.this, column_of).is_(None)
    if isinstance(tree, exp.In):
        column = _column(tree.this, column_of)
        return column.in_([_value(item, column) for item in tree.expressions])
    if isinstance(tree, exp.Between):
        column = _column(tree.this, column_of)
        return column.between(_value(tree.args["low"], column), _value(tree.args["high"], column))
    compare = _COMPARE.get(type(tree))
    if compare is not None:
        return _comparison(compare, tree.this, tree.expression, column_of)
    raise _refusal(tree)


def _comparison(
    compare: Callable[[Any, Any], sa.ColumnElement[bool]], left: exp.Expr, right: exp.Expr, column_of: ColumnOf
) -> sa.ColumnElement[bool]:
    if _is_column(left) and _is_column(right):
        return compare(*alike(_column(left, column_of), _column(right, column_of)))
    if _is_column(left):
        column = _column(left, column_of)
        return compare(column, _value(right, column))
    if _is_column(right):
        column = _column(right, column_of)
        return compare(sa.literal(_value(left, column), column.type), column)
    raise _refusal(left)


def alike(left: sa.ColumnElement[Any], right: sa.ColumnElement[Any]) -> tuple[sa.ColumnElement[Any], Any]:
    """Two columns so that they can be compared: both as text where one of them is."""
    if left.type._type_affinity is right.type._type_affinity or sa.types.NullType in (
        type(left.type),
        type(right.type),
    ):
        return left, right
    if isinstance(left.type, (sa.Numeric, sa.Integer)) and isinstance(right.type, (sa.Numeric, sa.Integer)):
        return left, right
    return sa.cast(left, sa.String(255)), sa.cast(right, sa.String(255))


def _is_column(tree: exp.Expr) -> bool:
    return isinstance(tree.unnest(), exp.Column)


def _column(tree: exp.Expr, column_of: ColumnOf) -> sa.ColumnElement[Any]:
    node = tree.unnest()
    if not isinstance(node, exp.Column):
        raise _refusal(tree)
    return column_of(f"{node.table}.{node.name}" if node.table else node.name)


def _value(tree: exp.Expr, column: sa.ColumnElement[Any]) -> Any:
    """A literal in the type of the column that it is compared with."""
    node, sign = tree.unnest(), ""
    if isinstance(node, exp.Neg):
        node, sign = node.this.unnest(), "-"
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, (exp.Cast, exp.TryCast)) and isinstance(node.this, exp.Literal):
        node = node.this
    if not isinstance(node, exp.Literal):
        raise _refusal(tree)
    return as_type(sign + str(node.this), column.type)


def as_type(text: str, kind: sa.types.TypeEngine[Any]) -> Any:
    """A text as the value that a column of a type is compared with; ExpressionError where it is none."""
    try:
        if isinstance(kind, sa.Boolean):
            return text.strip().lower() in ("1", "true", "t", "y", "yes")
        if isinstance(kind, sa.Integer):
            return int(text)
        if isinstance(kind, sa.Numeric):
            return Decimal(text)
        if isinstance(kind, sa.DateTime):
            return dt.datetime.fromisoformat(text)
        if isinstance(kind, sa.Date):
            return dt.date.fromisoformat(text[:10])
    except (ValueError, InvalidOperation):
        raise ExpressionError(f"{text!r} is compared with a column of type {kind!r}") from None
    return text


def _refusal(tree: exp.Expr) -> ExpressionError:
    return ExpressionError(
        f"`{tree.sql('duckdb')[:60]}` is not carried to a database; there, a condition compares columns with values"
    )
