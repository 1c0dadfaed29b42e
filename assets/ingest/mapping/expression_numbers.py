"""Trees for numbers: one source column, its sign, its unit factor and its price unit."""

from __future__ import annotations

from sqlglot import exp


def header_tree(header: str) -> exp.Expr:
    """A tree that is just one source column."""
    return exp.column(exp.to_identifier(header, quoted=True))


def signed(value: exp.Expr, sign: exp.Expr) -> exp.Expr:
    """`value` times a sign of 1, -1 or 0 without leaving exact numbers; missing where the sign is anything else."""
    cases = ((1, value), (-1, exp.Neg(this=exp.Paren(this=value.copy()))), (0, exp.Literal.number(0)))
    return exp.Case(
        ifs=[
            exp.If(this=exp.EQ(this=exp.Paren(this=sign.copy()), expression=_number(number)), true=result)
            for number, result in cases
        ]
    )


def scaled(value: exp.Expr, factor: exp.Expr | None, per: exp.Expr | None) -> exp.Expr:
    """`value` times a unit factor and divided by a price unit; missing where a divisor is zero or missing."""
    if factor is not None:
        value = exp.Mul(this=exp.Paren(this=value), expression=exp.Paren(this=factor.copy()))
    if per is not None:
        value = exp.Div(this=exp.Paren(this=value), expression=exp.Paren(this=per.copy()))
    return value


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))
