"""KPIs as expressions of the tools: SQL, DAX (Power BI), calculations of Tableau. Pure.

The SQL of the catalogue is read by sqlglot; only what KPIs are made of is translated, anything else raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from assets.publish.bi.model import BiModel, BiTable, Measure


class UntranslatedError(ValueError):
    """The SQL of a KPI has something that has no counterpart here."""


def sql_measure(measure: Measure, prefix: str = "") -> str:
    """As one aggregate of SQL; `prefix` goes before each column (`{CUBE}.`)."""
    parts = [
        f"sum(case when {_sql(measure.condition, prefix)} then {_sql(part, prefix)} end)"
        for part in (measure.numerator, measure.denominator)
        if part
    ]
    return parts[0] if len(parts) == 1 else f"{parts[0]} / nullif({parts[1]}, 0)"


def sql_columns(measure: Measure) -> set[str]:
    """The columns that a measure reads."""
    parts = (measure.condition, measure.numerator, measure.denominator)
    return {column.name for part in parts if part for column in _parsed(part).find_all(exp.Column)}


def dax_measure(measure: Measure, model: BiModel) -> str:
    """As a measure of Power BI over the labels of the model."""
    table = model.table(measure.table)
    rows = f"FILTER({dax_name(table.label)}, {_translated(measure.condition, _Dax(table))})"
    sums = [
        f"SUMX({rows}, {_translated(part, _Dax(table))})" for part in (measure.numerator, measure.denominator) if part
    ]
    return sums[0] if len(sums) == 1 else f"DIVIDE({sums[0]}, {sums[1]})"


def tableau_measure(measure: Measure, field: Callable[[str], str]) -> str:
    """As a calculation of Tableau; `field` gives the name of a column's field there, in its brackets."""
    tool = _Tableau(field)
    sums = [
        f"SUM(IF {_translated(measure.condition, tool)} THEN {_translated(part, tool)} END)"
        for part in (measure.numerator, measure.denominator)
        if part
    ]
    return " / ".join(sums)


def dax_name(label: str) -> str:
    """The name of a table in DAX."""
    return "'" + label.replace("'", "''") + "'"


def _parsed(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, read="duckdb")


def _sql(text: str, prefix: str) -> str:
    tree = _parsed(text)
    if not prefix:
        return tree.sql("postgres")
    marked = tree.transform(
        lambda node: exp.column(node.name, table="__cube__") if isinstance(node, exp.Column) else node
    )
    return marked.sql("postgres").replace("__cube__.", prefix)


@dataclass(frozen=True)
class _Dax:
    table: BiTable
    both: str = "&&"
    either: str = "||"
    nothing: str = "ISBLANK({0})"
    larger: str = "MAX({0}, {1})"
    first: str = "COALESCE({0}, {1})"
    divided: str = "DIVIDE({0}, {1})"
    negated: str = "NOT({0})"
    quote: str = '"'

    def column(self, name: str) -> str:
        return f"{dax_name(self.table.label)}[{self.table.column(name).label.replace(']', ']]')}]"

    def choice(self, condition: str, yes: str, no: str) -> str:
        return f"IF({condition}, {yes}{', ' + no if no else ''})"


@dataclass(frozen=True)
class _Tableau:
    field: Callable[[str], str]
    both: str = "AND"
    either: str = "OR"
    nothing: str = "ISNULL({0})"
    larger: str = "MAX({0}, {1})"
    first: str = "IFNULL({0}, {1})"
    divided: str = "{0} / {1}"
    negated: str = "NOT ({0})"
    quote: str = "'"

    def column(self, name: str) -> str:
        return self.field(name)

    def choice(self, condition: str, yes: str, no: str) -> str:
        return f"IF {condition} THEN {yes}{' ELSE ' + no if no else ''} END"


def _translated(text: str, tool: _Dax | _Tableau) -> str:
    return _node(_parsed(text), tool)


_SIGNS: dict[type[exp.Expr], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=",
}  # fmt: skip


def _node(node: exp.Expr, tool: _Dax | _Tableau) -> str:
    def sub(part: exp.Expr) -> str:
        return _node(part, tool)

    if type(node) in _SIGNS:
        return f"{sub(node.this)} {_SIGNS[type(node)]} {sub(node.expression)}"
    match node:
        case exp.Column():
            return tool.column(node.name)
        case exp.Paren():
            return f"({sub(node.this)})"
        case exp.And():
            return f"{sub(node.this)} {tool.both} {sub(node.expression)}"
        case exp.Or():
            return f"({sub(node.this)} {tool.either} {sub(node.expression)})"
        case exp.Not():
            return tool.negated.format(sub(node.this))
        case exp.Is() if isinstance(node.expression, exp.Null):
            return tool.nothing.format(sub(node.this))
        case exp.In():
            return "(" + f" {tool.either} ".join(f"{sub(node.this)} = {sub(one)}" for one in node.expressions) + ")"
        case exp.Div():
            return tool.divided.format(sub(node.this), sub(node.expression))
        case exp.Greatest() if len(node.expressions) == 1:
            return tool.larger.format(sub(node.this), sub(node.expressions[0]))
        case exp.Coalesce() if len(node.expressions) == 1:
            return tool.first.format(sub(node.this), sub(node.expressions[0]))
        case exp.Case() if len(node.args["ifs"]) == 1 and node.this is None:
            branch = node.args["ifs"][0]
            other = node.args.get("default")
            return tool.choice(sub(branch.this), sub(branch.args["true"]), sub(other) if other else "")
        case exp.Neg():
            return f"-{sub(node.this)}"
        case exp.Literal():
            return f"{tool.quote}{node.this}{tool.quote}" if node.is_string else str(node.this)
        case exp.Boolean():
            return "TRUE" if node.this else "FALSE"
    raise UntranslatedError(f"`{node.sql('duckdb')}` has no counterpart in {type(tool).__name__.strip('_')}")
