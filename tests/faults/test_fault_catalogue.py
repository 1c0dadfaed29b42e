"""Every kind of fault that the product claims to find, injected: seen where it moves a figure, named, and nothing cries wolf."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from worlds import Worlds, as_page

# Four worlds cost more than a minute of CPU; the daily suite has the planted defects of test_demo_end_to_end instead.
pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


def test_every_kind_was_injected(worlds: Worlds) -> None:
    """A kind that found no victim would count as found by nobody asking."""
    assert [v.kind.name for v in worlds.verdicts if not v.entries] == []
    assert sum(not v.is_harmless for v in worlds.verdicts) >= 60


def test_nothing_that_moves_a_figure_is_missed(worlds: Worlds) -> None:
    moving = [v for v in worlds.verdicts if v.moves and not v.is_harmless]
    assert len(moving) >= 40
    assert [v.kind.name for v in moving if not v.is_seen] == []


def test_the_cause_is_named_right_in_nine_of_ten(worlds: Worlds) -> None:
    real = [v for v in worlds.verdicts if not v.is_harmless]
    wrong = [f"{v.kind.name}: {', '.join(v.found)}" for v in real if not v.is_named]
    assert len(wrong) <= 0.1 * len(real), wrong


def test_clean_days_raise_no_critical_alarm(worlds: Worlds) -> None:
    assert worlds.clean.figures, "a world without figures proves nothing"
    assert [f for f in worlds.clean.findings if f["severity"] == "critical"] == []


def test_nothing_critical_beside_what_was_injected(worlds: Worlds) -> None:
    assert [(f["rule_id"], f["explanation"]) for f in worlds.strangers] == []


def test_harmless_variations_raise_nothing(worlds: Worlds) -> None:
    harmless = [v for v in worlds.verdicts if v.is_harmless]
    assert len(harmless) >= 5
    assert [(v.kind.name, v.found) for v in harmless if v.is_seen] == []


def test_the_page_tells_what_was_measured(worlds: Worlds) -> None:
    """Money moves with the demo's prices; what is found, and by whom, must be what the page says."""
    page = as_page(worlds)
    if os.environ.get("STOCKTURN_RENEW_FAULTS"):
        PAGE.write_text(page, encoding="utf-8")
    assert _without_money(page) == _without_money(PAGE.read_text(encoding="utf-8"))


def _without_money(page: str) -> str:
    return re.sub(r"\| [\d,]+ \| ([^|]*) \|\n", r"| \1 |\n", page)
