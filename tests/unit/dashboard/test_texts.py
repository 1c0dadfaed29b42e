"""Words and numbers in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assets.ingest.contracts import load_contracts
from dashboard.texts import LANGUAGES, Words, catalogue

DASHBOARD = Path(__file__).resolve().parents[3] / "dashboard"


def test_every_text_exists_in_every_language_with_the_same_places() -> None:
    for key, texts in catalogue().items():
        assert set(texts) == set(LANGUAGES), key
        places = {tuple(sorted(re.findall(r"\{(\w+)\}", text))) for text in texts.values()}
        assert len(places) == 1, key


def test_every_key_that_a_page_uses_exists() -> None:
    """A missing key would be an error on the screen, on one page in one language."""
    used = set()
    for path in DASHBOARD.rglob("*.py"):
        used |= set(re.findall(r'(?<!reader.)words\("([a-z_0-9]+)"', path.read_text(encoding="utf-8")))
    assert len(used) > 60
    assert used - catalogue().keys() == set()


def test_every_kind_of_movement_has_a_name() -> None:
    kinds = load_contracts()["stock_movement"].columns["movement_type"].values
    assert kinds is not None and len(kinds) > 20
    assert {f"movement_type_{kind}" for kind in kinds} <= catalogue().keys()


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (None, "—", "—"),
        (float("nan"), "—", "—"),
        (0.0, "0", "0"),
        (999.4, "999", "999"),
        (12_345.0, "12.3K", "1.23万"),
        (1_234_567.0, "1.23M", "123万"),
        (-98_765_432.0, "-98.8M", "-9,877万"),
        (123_456_789.0, "123M", "1.23亿"),
    ],
)
def test_money(value: float | None, english: str, chinese: str) -> None:
    assert (Words("en").money(value), Words("zh").money(value)) == (english, chinese)


def test_kpis_have_their_own_units() -> None:
    words = Words("en")
    assert words.kpi("inventory_turnover", 6.5) == "6.50"
    assert words.kpi("days_inventory_outstanding", 56.4) == "56 days"
    assert words.kpi("dead_stock_rate", 0.0512) == "5.1%"
    assert words.kpi("inventory_capital", 2.5e6) == "2.50M"


def test_changes_are_in_the_unit_of_the_kpi() -> None:
    words = Words("en")
    assert words.change("dead_stock_rate", 0.05, 0.07) == "+2.00 pp", (
        "a share moves in points, not in per cent of itself"
    )
    assert words.change("inventory_capital", 200.0, 150.0) == "-25.0%"
    assert words.change("inventory_turnover", 5.0, 5.0) == "±0"
    assert words.change("inventory_turnover", None, 5.0) == ""
