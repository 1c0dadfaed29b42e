"""Words and numbers in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets.ingest.contracts import load_contracts
from dashboard.texts import LANGUAGES, Words, catalogue
from expectations.incidents import State

DASHBOARD = Path(__file__).resolve().parents[3] / "dashboard"


def test_every_text_exists_in_every_language_with_the_same_places() -> None:
    for key, texts in catalogue().items():
        assert set(texts) - {"en_one"} == set(LANGUAGES), key
        places = {form: tuple(sorted(re.findall(r"\{(\w+)\}", text))) for form, text in texts.items()}
        assert places["en"] == places["zh"], key
        assert "en_one" not in texts or (*places["en_one"], "n") == places["en"], key


def test_one_thing_is_in_the_singular() -> None:
    told = [Words("en")("do_dead", n=n) for n in ("1", "2", "1,000")]
    assert told == ["1 dead item", "2 dead items", "1,000 dead items"]
    assert Words("zh")("do_dead", n="1") == "1 个呆滞品项"


def test_every_key_that_a_page_uses_exists() -> None:
    """A missing key would be an error on the screen, on one page in one language."""
    used = set()
    for path in DASHBOARD.rglob("*.py"):
        used |= set(re.findall(r'(?<!reader.)words\("([a-z_0-9]+)"', path.read_text(encoding="utf-8")))
    assert len(used) > 60
    assert used - catalogue().keys() == set()


@pytest.mark.parametrize("column", ["movement_type", "stock_status", "owner_type"])
def test_every_code_of_a_movement_has_a_name(column: str) -> None:
    codes = load_contracts()["stock_movement"].columns[column].values
    assert codes is not None and len(codes) >= 3
    assert {f"{column}_{code}" for code in codes} <= catalogue().keys()


def test_every_contract_and_demand_pattern_has_a_name() -> None:
    known = catalogue().keys()
    assert {f"contract_{name}" for name in load_contracts()} <= known
    assert {f"demand_pattern_{name}" for name in ("smooth", "erratic", "intermittent", "lumpy", "slow", "new")} <= known
    assert {f"state_{state}" for state in State} <= known, "what incidents say is among them"


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


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (None, "—", "—"),
        (float("nan"), "—", "—"),
        (pd.NaT, "—", "—"),
        (np.bool_(True), "yes", "是"),
        (False, "no", "否"),
        (pd.Timestamp("2026-06-30"), "2026-06-30", "2026-06-30"),
        (1200.0, "1,200", "1,200"),
        (0.125, "0.125", "0.125"),
        (100, "100", "100"),
        ("原料 x", "原料 x", "原料 x"),
        ("adjustment_in", "adjustment in", Words("zh")("movement_type_adjustment_in")),
    ],
)
def test_a_value_of_a_record(value: object, english: str, chinese: str) -> None:
    assert Words("en").cell("movement_type", value) == english
    assert Words("zh").cell("movement_type", value) == chinese


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
