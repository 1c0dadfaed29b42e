"""Great Expectations suites derived from contracts. What is expected is in the contract; here it only becomes
checks.

Quarantine has already taken out rows that break a rule, so a failure here means that ingest and contract disagree,
or that a source
delivered nothing. One query per kind of rule instead of one expectation per column: a suite of 40 columns costs six
expectations (each is 10-30 ms of Great Expectations, 2026-11), and the message still names the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.ingest.contracts import Column, ColumnType, Contract, landing_columns
from assets.ingest.sqltext import ident, literal
from expectations.incidents.texts import word

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

SCHEMA = "landing"


@dataclass(frozen=True)
class RowRule:
    """A rule whose breaches are rows: `query` selects them from `{batch}`; `statement` says what they do wrong."""

    rule_id: str
    query: str
    statement: str


def row_rules(contract: Contract) -> list[RowRule]:
    """The rules of a contract as queries for offending rows."""
    columns = landing_columns(contract)
    rules = [
        _rule("contract_required", columns, _is_missing),
        _rule("contract_enum", columns, _is_outside_values),
        _rule("contract_range", columns, _is_out_of_range),
    ]
    key = ", ".join(ident(name) for name in ("source_instance", *contract.natural_key))
    rules.append(
        RowRule(
            "contract_key",
            f"SELECT {key}, count(*) AS copies, max(source_file) AS source_file, max_by(source_row, source_file) AS source_row "
            f"FROM {{batch}} GROUP BY {key} HAVING count(*) > 1",
            f"{_statement('contract_key')} ({', '.join(contract.natural_key)})",
        )
    )
    return [rule for rule in rules if rule is not None]


def _rule(rule_id: str, columns: tuple[Column, ...], condition: object) -> RowRule | None:
    assert callable(condition)
    found = [(column.name, sql) for column in columns if (sql := condition(column)) is not None]
    if not found:
        return None
    where = " OR ".join(f"({sql})" for _, sql in found)
    names = " || ".join(f"CASE WHEN {sql} THEN {literal(name + ' ')} ELSE '' END" for name, sql in found)
    query = f"SELECT batch_id, source_file, source_row, source_key, {names} AS columns FROM {{batch}} WHERE {where}"
    return RowRule(rule_id, query, _statement(rule_id))


def _statement(rule_id: str) -> str:
    return word(f"breach_{rule_id}", "en")


def _is_missing(column: Column) -> str | None:
    if column.nullable:
        return None
    instead = " AND ".join(f"{ident(name)} IS NOT NULL" for name in column.unless)
    return f"{ident(column.name)} IS NULL" + (f" AND NOT ({instead})" if instead else "")


def _is_outside_values(column: Column) -> str | None:
    if column.type is not ColumnType.ENUM or column.values is None:
        return None
    return f"{ident(column.name)} NOT IN ({', '.join(map(literal, column.values))})"


def _is_out_of_range(column: Column) -> str | None:
    bounds = [
        f"{ident(column.name)} {sign} {bound:g}"
        for sign, bound in (("<", column.min), (">", column.max))
        if bound is not None
    ]
    return " OR ".join(bounds) or None


def build_suite(contract: Contract, *, must_have_rows: bool) -> ExpectationSuite:
    """The suite of a contract; each expectation carries its rule and statement in `meta`, by which results are
    matched."""
    import great_expectations as gx
    import great_expectations.expectations as gxe

    suite = gx.ExpectationSuite(name=contract.name)
    suite.add_expectation(
        gxe.ExpectTableColumnsToMatchOrderedList(
            column_list=[column.name for column in landing_columns(contract)],
            meta=_meta("contract_columns", _statement("contract_columns")),
        )
    )
    suite.add_expectation(
        gxe.ExpectTableRowCountToBeBetween(
            min_value=1 if must_have_rows else 0,
            meta=_meta("contract_not_empty", _statement("contract_not_empty")),
        )
    )
    for rule in row_rules(contract):
        suite.add_expectation(
            gxe.UnexpectedRowsExpectation(
                unexpected_rows_query=rule.query, meta=_meta(rule.rule_id, rule.statement, counts_rows=True)
            )
        )
    return suite


def _meta(rule_id: str, statement: str, *, counts_rows: bool = False) -> dict[str, object]:
    return {"rule_id": rule_id, "statement": statement, "counts_rows": counts_rows}
