"""What the planner says is in both languages, from one catalogue: names are those that the code uses, places those of both texts."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets.planning import sentences
from assets.planning.sentences import in_words, joined, say, with_words

PLANNING = Path(sentences.__file__).parent


def _strings() -> set[str]:
    """All texts of the planner's code, in which the names of sentences are."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PLANNING.rglob("*.py"))]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _said() -> set[str]:
    """First arguments of `say` that are written out."""
    found = set()
    for path in sorted(PLANNING.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                found |= {one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)}
    return found


def test_names_are_those_of_the_code() -> None:
    known = set(sentences.sentences())
    assert _said() <= known | {"cancel_order", "put_off_order"}
    assert known <= _strings()


@pytest.mark.parametrize("name", list(sentences.sentences()))
def test_both_languages_have_the_same_places(name: str) -> None:
    texts = sentences.sentences()[name]
    places = {language: sorted(re.findall(r"\{\d(?::word)?\}", text)) for language, text in texts.items()}
    assert places["en"] == places["zh"]
    has_words = re.search("[a-z]", re.sub(r"\{[^}]*\}", "", texts["en"])) is not None
    assert has_words == (re.search("[\u4e00-\u9fff]", texts["zh"]) is not None)
    assert not re.search("[\u4e00-\u9fff]", texts["en"])


def test_a_reason_is_its_clauses_in_the_language() -> None:
    reason = joined(
        say("plan_rule", "AX", "r_s", "95.0%", "fill_rate", "12", "receipts"), "", say("order_due", 40.0, 3.5, 12.0)
    )
    assert in_words(reason, "en").endswith(
        "lead time 12 days (from receipts); order 40: the position of 3.5 has reached 12"
    )
    assert in_words(reason, "zh").endswith("提前期 12 天（按到货记录）；订购 40：库存头寸 3.5 已降至再订货点 12")
    assert in_words("", "zh") == ""


def test_a_sentence_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError):
        in_words(say("no_such_sentence"), "en")


def test_tables_get_both_languages_where_they_are_written() -> None:
    frame = pd.DataFrame({"reason": [say("within_limits"), None, say("day_past")], "units": np.arange(3.0)})
    found = with_words("supplier_plan_checks", frame)
    assert found["reason"].tolist() == ["within the limits", "", "the day has passed"]
    assert found["reason_zh"].tolist() == ["在上下限之内", "", "日期已过"]
    assert with_words("capital_curve", frame) is not frame and "reason_zh" not in with_words("capital_curve", frame)


def test_an_empty_table_has_the_columns_too() -> None:
    found = with_words("transfers", pd.DataFrame(columns=["item_id", "reason"]))
    assert list(found.columns) == ["item_id", "reason", "reason_zh"]
