"""The offending rows of an incident, and what their causes are called."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd
import streamlit as st

from dashboard.components import column_config, headings, total_line
from dashboard.context import Context
from dashboard.markup import heading, note
from dashboard.queries.quality import names_of
from expectations.incidents import IncidentDetail, load_policy
from expectations.incidents.texts import said

ROW_COLUMNS = (
    "item_id",
    "warehouse_id",
    "doc_no",
    "business_date",
    "explanation",
    "variance_units",
    "variance_value",
    "cause",
    "source_file",
    "source_row",
)


def show_rows(context: Context, detail: IncidentDetail) -> None:
    """The offending rows; a column in which none of them has anything is left out."""
    words = context.words
    rows = pd.DataFrame(
        [{name: getattr(row, name) for name in ROW_COLUMNS} for row in detail.rows], columns=list(ROW_COLUMNS)
    )
    told = "explanation_zh" if words.language == "zh" else "explanation"  # the heading says which of the two it is
    rows["explanation"] = [said(row, "explanation", words.language) for row in detail.rows]
    known = names_of(
        context.reader,
        [row.item_id for row in detail.rows if row.item_id],
        [row.warehouse_id for row in detail.rows if row.warehouse_id],
    )
    for name in ("item_id", "warehouse_id"):
        rows[name] = [known.get(value, value) for value in rows[name]]
    rows["cause"] = [named_cause(context, str(cause)) for cause in rows["cause"]]
    rows["variance_value"] = rows["variance_value"].astype(float)
    rows["business_date"] = pd.to_datetime(rows["business_date"])
    heading(f"{words('rows')} ({detail.rows_total:,})")
    filled = [name for name in ROW_COLUMNS if any(value not in ("", None) and value == value for value in rows[name])]
    rows, filled = (
        rows.rename(columns={"explanation": told}),
        [told if name == "explanation" else name for name in filled],
    )
    st.dataframe(
        rows[filled],
        hide_index=True,
        placeholder="",
        width="stretch",
        column_config=column_config(context, rows, ("fct_findings",)),
    )
    if rows["variance_value"].notna().any() and detail.rows_total == len(rows):
        totals = {"rows": len(rows), "variance_value": float(rows["variance_value"].sum())}
        note(total_line(context, totals, headings(context, rows, ("fct_findings",))))


def named_cause(context: Context, cause: str) -> str:
    """A cause that is a rule's id, by the rule's title; others as they are."""
    known = rule_titles().get(cause)
    return known[context.words.language] if known else cause


@lru_cache(maxsize=1)
def rule_titles() -> dict[str, dict[str, str]]:
    """What the product's rules are called, by id and language."""
    rules = load_policy().rules
    return {rule_id: {"en": rule.title, "zh": rule.title_zh} for rule_id, rule in rules.items() if rule.title_zh}
