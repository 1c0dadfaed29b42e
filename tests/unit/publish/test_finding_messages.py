"""Sentences of findings: every message id that a model uses is in the catalogue, and both languages take up its values."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest
from jinja2 import Environment

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
MODELS = PROJECT / "models" / "reconciliation"
#: Ids that a model puts together from a cause, with the causes.
COMPOSED = {
    "list.": ("stale_snapshot", "places_swapped.each_other", "places_swapped.other", "wrong_scale", "lines_moved", "figures_lost",
              "short_file", "unexplained_list"),
    "file.": ("wrong_scale", "columns_swapped", "date_order", "wrong_sign"),
    "short_file.": ("warehouse", "movement_type"),
    "unit_of_measure_mix": (".wms_below", ".wms_above", ".count_below", ".count_above"),
    "unposted_transfer": (".wms", ".count"),
    "difference": (".wms_below", ".wms_above", ".count_below", ".count_above"),
}  # fmt: skip
AS_RECORDED = {"reused_code"}  # old and new values only, no words


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def macros() -> object:
    """The macros of findings.sql, as dbt renders them."""
    return Environment().from_string((PROJECT / "macros" / "findings.sql").read_text(encoding="utf-8")).module


def used_ids() -> set[str]:
    """Every quoted text in the models that is a message id, or the start of one that is composed."""
    texts = "".join(path.read_text(encoding="utf-8") for path in sorted(MODELS.glob("rec_*.sql")))
    calls = re.findall(r"message\(\s*(\"[^\"]*\"|\w+)", texts)
    quoted = {text for call in calls for text in re.findall(r"'([a-z_.]+)'", call)}
    known = {one["message_id"] for one in seed("finding_messages")}
    composed = {start + rest for start, rests in COMPOSED.items() for rest in rests}
    plain = set(re.findall(r"message\(\"'([a-z_.]+)'\"", texts))
    by_variable = set(re.findall(r"'([a-z_]+\.[a-z_]+)' (?:else|end|as)", texts))
    return {text for text in quoted | by_variable if text in known or "." in text.strip(".")} | plain | composed


def test_every_message_is_in_the_catalogue_and_used() -> None:
    assert used_ids() == {one["message_id"] for one in seed("finding_messages")}


def test_both_languages_take_up_the_same_values() -> None:
    """A number that is dropped, or shown twice, would make one sentence say something else than the other."""
    for one in seed("finding_messages"):
        english, chinese = (sorted(set(re.findall(r"\{(\d)\}", one[column]))) for column in ("text_en", "text_zh"))
        assert english == chinese == [str(place + 1) for place in range(len(english))], one["message_id"]
        assert len(english) <= 7, "filled_message fills seven places"
        assert not re.search(r"[,;:]", one["text_zh"]), f"{one['text_zh']}: Chinese punctuation is full width"
        has_words = re.search(r"[\u4e00-\u9fff]", one["text_zh"])
        assert has_words or one["message_id"] in AS_RECORDED, one["message_id"]


def test_every_rule_has_its_words_in_chinese() -> None:
    for rule in seed("rules"):
        for column in ("title_zh", "fix_zh"):
            assert re.search(r"[\u4e00-\u9fff]", rule[column]), (rule["rule_id"], column)


@pytest.mark.parametrize(
    ("message_id", "values", "english", "chinese"),
    [
        (
            "difference.wms_below",
            ["30.000000::decimal(28, 6)", "42.500000::decimal(28, 6)"],
            "WMS 30 is below the book of 42.5",
            "WMS 为 30，低于账面 42.5",
        ),
        (
            "negative_stock",
            ["'2026-06-01'", "'2026-06-03'", "-0.5::decimal(28, 6)"],
            "below zero from 2026-06-01 to 2026-06-03, lowest -0.5",
            "2026-06-01 至 2026-06-03 为负库存，最低 -0.5",
        ),
        (
            "quarantined_row",
            ["100", "'a.b'", "'(x) [y]* z'"],
            "100 rows of a.b in quarantine: (x) [y]* z",
            "a.b 有 100 行被隔离：(x) [y]* z",
        ),
        ("wrong_warehouse", ["'D1'", "null", "'W2'"], "document D1 is booked to ; the goods are in W2", "单据 D1 记在仓库 ，货物实际在 W2"),
    ],
)  # fmt: skip
def test_a_sentence_in_both_languages(message_id: str, values: list[str], english: str, chinese: str) -> None:
    found = macros()
    shown = [found.number_text(value) if "decimal" in value else value for value in values]
    path = PROJECT / "seeds" / "finding_messages.csv"
    row = duckdb.sql(
        f"""select {found.filled_message("m.text_en", "said.message")}, {found.filled_message("m.text_zh", "said.message")}
            from (select {found.message(f"'{message_id}'", shown)} as message) as said
            left join read_csv('{path}', all_varchar = true) as m on {found.message_id("said.message")} = m.message_id"""
    ).fetchone()
    assert row == (english, chinese)


@pytest.mark.parametrize(
    ("number", "text"),
    [("100", "100"), ("0.000000::decimal(28, 6)", "0"), ("-1.250000::decimal(28, 6)", "-1.25"), ("1e20::double", "1e+20"),
     ("1.5e20::double", "1.5e+20"), ("10.0::double", "10")],
)  # fmt: skip
def test_a_number_without_the_zeros_after_its_last_digit(number: str, text: str) -> None:
    row = duckdb.sql(f"select {macros().number_text(number)}").fetchone()
    assert row == (text,)
