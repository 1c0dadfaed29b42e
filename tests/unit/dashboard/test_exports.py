"""What leaves the pages: files for spreadsheets, HTML from data."""

from __future__ import annotations

import ast
import codecs
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboard import markup
from dashboard.components import as_percent, csv_bytes
from dashboard.markup import Tile
from dashboard.views.explain import without_types


def test_csv_has_a_bom_and_the_headings_of_the_page() -> None:
    text = csv_bytes(pd.DataFrame({"a": ["茶"], "b": [1.5]}), {"a": "名称", "b": "金额"})
    assert text.startswith(codecs.BOM_UTF8)
    assert text.decode("utf-8-sig").splitlines() == ["名称,金额", "茶,1.5"]


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2", "@x", "\t=1", "＝1+1", "-\n=1"])
def test_a_text_is_not_run_as_a_formula(cell: str) -> None:
    """An item name from an extract must not start a program in the spreadsheet of the person who opens the export."""
    text = csv_bytes(pd.DataFrame({"name": [cell], "n": [-2.0]}), {}).decode("utf-8-sig")
    assert f"'{cell}" in text and text.endswith("-2.0\n")


def test_a_lone_dash_is_no_formula_and_a_share_is_per_cent() -> None:
    text = csv_bytes(pd.DataFrame({"lot": ["-"], "fill_rate": [0.125], "wape": [None]}), {}).decode("utf-8-sig")
    assert text.splitlines()[1] == "-,12.5%,"


def test_names_from_extracts_do_not_become_html(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def keep(text: str, **_: Any) -> None:
        written.append(text)

    monkeypatch.setattr(markup.st, "html", keep)
    markup.tiles([Tile("<script>x</script>", '"><img src=x onerror=y>', ["<b>"])])
    assert "<script>" not in written[0] and "<img" not in written[0] and "<b>" not in written[0]


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        ("CAST(ROUND(inventory_value, 4) AS DECIMAL(24, 4))", "ROUND(inventory_value, 4)"),
        ("ROUND(CAST(a AS DOUBLE) / NULLIF(CAST(b AS DOUBLE), 0), 6)", "ROUND(a / NULLIF(b, 0), 6)"),
        ("CAST(ROUND(CAST(a AS DOUBLE), 4) AS DECIMAL(24, 4)) + 1", "ROUND(a, 4) + 1"),
        ("CAST(unbalanced", "CAST(unbalanced"),
        ("as in fct_x.y", "as in fct_x.y"),
    ],
)
def test_a_formula_is_shown_without_its_types(formula: str, plain: str) -> None:
    assert without_types(formula) == plain


def test_shares_are_shown_as_per_cent_and_turnover_is_no_share() -> None:
    frame = pd.DataFrame({"fill_rate": [0.125], "replay_turnover_rate": [5.7], "wape": [1.1695], "stock_value": [3.0]})
    assert as_percent(frame).iloc[0].round(2).tolist() == [12.5, 5.7, 116.95, 3.0]


def test_pages_write_texts_with_the_functions_that_escape_them() -> None:
    """`st.caption` and its like read Markdown: an item called `纸箱 100*50*20` was shown as `纸箱 1005020`."""
    reads_markdown = {"caption", "subheader", "markdown", "info", "warning", "error", "success", "header", "write"}
    folder = Path(markup.__file__).parent
    found = [
        f"{path.relative_to(folder)}:{node.lineno} st.{node.func.attr}"
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in reads_markdown
        and isinstance(node.func.value, ast.Name) and node.func.value.id in {"st", "left", "right"}
    ]  # fmt: skip
    assert found == []


def test_signs_of_a_label_are_escaped() -> None:
    assert markup.label("a*b_c 纸箱") == "a\\*b\\_c 纸箱"
