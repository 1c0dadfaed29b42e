"""A mart, a rule over it and a rule book, for the tests of rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from expectations.rules.model import Rule

COLUMNS = {
    "item_id": "VARCHAR",
    "warehouse_id": "VARCHAR",
    "abc_class": "VARCHAR",
    "available_units": "DECIMAL(28,6)",
    "safety_stock_units": "DECIMAL(28,6)",
    "inventory_value": "DECIMAL(24,4)",
    "last_date": "DATE",
    "is_dead": "BOOLEAN",
}
TABLES = {"fct_inventory_health": COLUMNS}


def rule(**fields: Any) -> Rule:
    given = {
        "id": "a_rule",
        "title": "A item below 110 % of safety stock",
        "when": "abc_class = 'A' and available_units < 1.10 * safety_stock_units",
        "severity": "critical",
        "task": "order {item_id}: {available_units} of {safety_stock_units}",
    }
    return Rule.model_validate(given | fields)


BOOK = """\
people:
  - {name: li, channels: [a]}
watch: {operators: [li]}
rules:
  - id: one
    title: One
    when: available_units < 0
    severity: warning
    owner: li
    task: look
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rules.yml"
    path.write_text(text, encoding="utf-8")
    return path
