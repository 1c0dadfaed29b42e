"""Findings in Chinese: every rule has its sentences, and every sentence takes up each of its places."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
WITHOUT_WORDS = {"reused_code", "wrong_lot", "wrong_status", "wrong_owner"}  # old and new values only, no sentence


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def pattern_sql() -> str:
    """The pattern as the macro writes it, over a column `phrase`."""
    text = (PROJECT / "macros" / "findings.sql").read_text(encoding="utf-8")
    body = re.search(r"macro phrase_pattern\(phrase\) -%}(.*?){%- endmacro", text, flags=re.DOTALL)
    assert body is not None
    return body[1].replace("{{ phrase }}", "phrase")


def test_every_rule_speaks_chinese() -> None:
    rules = seed("rules")
    assert {rule["rule_id"] for rule in rules} - {one["rule_id"] for one in seed("finding_phrases")} == WITHOUT_WORDS
    for rule in rules:
        for column in ("title_zh", "fix_zh"):
            assert re.search(r"[\u4e00-\u9fff]", rule[column]), (rule["rule_id"], column)


def test_every_place_of_a_sentence_is_taken_up_once() -> None:
    """A number that is dropped, or told twice, would make the Chinese sentence say something else."""
    for one in seed("finding_phrases"):
        places = len(re.findall(r"\{[nt]\}", one["phrase"]))
        taken = sorted(int(number) for number in re.findall(r"\\(\d)", one["text_zh"]))
        assert taken == list(range(1, places + 1)), one["phrase"]
        assert not re.search(r"[,;:]", one["text_zh"]), f"{one['text_zh']}: Chinese punctuation is full width"


@pytest.mark.parametrize(
    ("rule_id", "english", "chinese"),
    [
        ("shrink", "WMS 30.000000 is below the book of 42.500000", "WMS 为 30，低于账面 42.5"),
        (
            "negative_stock",
            "below zero from 2026-06-01 to 2026-06-03, lowest -0.500000",
            "2026-06-01 至 2026-06-03 为负库存，最低 -0.5",
        ),
        ("quarantined_row", "100 rows of a.b in quarantine: (x) [y]* z", "a.b 有 100 行被隔离：(x) [y]* z"),
        ("shrink", "something that no model says", None),
    ],
)
def test_a_sentence_in_chinese(rule_id: str, english: str, chinese: str | None) -> None:
    path = PROJECT / "seeds" / "finding_phrases.csv"
    found = duckdb.sql(
        f"""with phrases as (select *, {pattern_sql()} as pattern from read_csv('{path}', all_varchar = true))
            select min(regexp_replace($said, pattern, text_zh)) from phrases
            where rule_id = $rule and regexp_matches($said, pattern)""",
        params={"said": english, "rule": rule_id},
    ).fetchone()
    assert found == (chinese,)
