"""What a rule and a rule book may say; every mistake is refused with rule, line and what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rule_cases import BOOK, TABLES, rule, write

from assets.documents import DocumentError
from expectations.rules import RuleError, load_rule_book, validate
from expectations.rules.book import RuleBookError, read_rule_book


@pytest.mark.parametrize(
    ("when", "mistake"),
    [
        ("avail_units < 3", "has no column avail_units; did you mean available_units"),
        ("available_units <", "cannot be read"),
        ("available_units < 3; drop table x", "one expression"),
        ("available_units < (select 1)", "not allowed"),
        ("available_units in (select 1)", "takes a list of values"),
        ("exists (select 1)", "not allowed"),
        ("read_csv('/etc/passwd') is null", "not allowed"),
        ("getenv('HOME') = abc_class", "not allowed"),
        ("now() > last_date", "not allowed"),
        ("current_date > last_date", "not allowed"),
        ("random() < 0.5 and is_dead", "not allowed"),
        ("sum(available_units) > 3", "not allowed"),
        ("row_number() over () = 1", "not allowed"),
        ("available_units < $1", "not allowed"),
        ("other.available_units < 3", "write available_units"),
        ("available_units::json = 3", "cast to JSON"),
        ("1 = 1", "names no column"),
        ("available_units < 'a'", "available_units is DECIMAL(28,6), not the text 'a'"),
        ("available_units in (1, 'b')", "not the text 'b'"),
        ("last_date > '31.1.2026'", "last_date is a date; write date '2026-01-31'"),
        ("*", "not allowed"),
        ("abc_class > available_units + last_date", "when: "),
        ("(available_units)", "is DECIMAL(28,6); compare it"),
        ("abc_class and is_dead", "abc_class is VARCHAR; compare it"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_reason(when: str, mistake: str) -> None:
    with pytest.raises(RuleError) as caught:
        validate([rule(when=when, line=12)], TABLES)
    assert "rule a_rule (line 12), when" in str(caught.value) and mistake in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "mistake"),
    [
        ({"value": "stock_value"}, "value: fct_inventory_health has no column stock_value"),
        ({"task": "order {qty}"}, "task: fct_inventory_health has no column qty"),
        ({"task": "order {item_id.x}"}, "task: the task may name a column"),
        ({"task": "order {item_id!r}"}, "task: the task may name a column"),
        ({"key": ["lot_no"]}, "key: fct_inventory_health has no column lot_no"),
        ({"table": "fct_other"}, "table: fct_other is no mart"),
    ],
)
def test_every_key_of_a_rule_is_checked(fields: dict[str, Any], mistake: str) -> None:
    with pytest.raises(RuleError) as caught:
        validate([rule(**fields)], TABLES)
    assert mistake in str(caught.value)


@pytest.mark.parametrize(
    "when",
    [
        "abc_class in ('A', 'B') and not is_dead",
        "available_units between 1 and 2 or inventory_value is null",
        "case when is_dead then available_units > 3 else false end",
        "coalesce(available_units, 0) <= greatest(1, least(2, abs(safety_stock_units)))",
        "last_date < date '2026-02-01' and lower(abc_class) like 'a%'",
        "round(available_units / nullif(safety_stock_units, 0), 2) <> 1.5",
        "cast(available_units as double) * -1 < 0",
    ],
)
def test_what_a_rule_may_say(when: str) -> None:
    assert len(validate([rule(when=when)], TABLES)) == 1


def test_a_book_is_read_with_lines_and_owners(tmp_path: Path) -> None:
    book = load_rule_book(write(tmp_path, BOOK))
    assert (book.rules[0].line, book.watch.operators) == (5, ("li",))
    assert book.policy.owners[0].owner == "li" and book.policy.rule("one").group_by == ("warehouse",)


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("severity: warning", "severity: bad", "rules.yml: line 5: rule one, severity"),
        ("severity: warning", "severity: warning\n    colour: red", "line 5: rule one, colour: Extra inputs"),
        ("severity: warning", "severity: warning\n    severity: info", "the key 'severity' appears twice"),
        ("operators: [li]", "operators: [wang]", "watch.operators: wang is not listed"),
        ("operators: [li]", "operator: [li]", "watch.operator: Extra inputs"),
        ("id: one", "id: One!", "line 5: rule One!, id"),
        ("id: one", "id: shrink", "belong to the product: shrink"),
        ("rules:", "rules: [", "not valid YAML"),
        ("task: look", "task: look\n    event_days: 3", "event_days needs `date`"),
        ("task: look", "task: look\n    consequence_of: [nothing]", "does not have: nothing"),
    ],
)
def test_a_mistake_in_the_book_is_named(tmp_path: Path, old: str, new: str, mistake: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_rule_book(write(tmp_path, BOOK.replace(old, new)))
    assert mistake in str(caught.value)


def test_rules_that_are_no_list_are_one_sentence() -> None:
    with pytest.raises(RuleBookError, match=r"^rules: a list of rules is expected$"):
        read_rule_book({"rules": {"one": "look"}})


def test_the_same_rule_twice_is_named(tmp_path: Path) -> None:
    entry = BOOK[BOOK.index("  - id") :]
    with pytest.raises(RuleBookError, match="line 11: duplicate rule id one"):
        load_rule_book(write(tmp_path, BOOK + entry))
