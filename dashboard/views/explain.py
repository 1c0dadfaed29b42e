"""Why a figure of an item is what it is: its formula with the numbers, and the rows, files and lines behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from assets.explain.cell import explain_cell, explainable_columns
from assets.explain.model import ExplainError, Explanation, shown
from dashboard.components import as_percent, column_config, is_share, translated
from dashboard.context import Context
from dashboard.markup import heading, label, message, note

MART = "fct_inventory_health"
# Marts whose dictionary names the columns of evidence, the most telling first.
_HEADINGS = (
    "fct_stock_movements",
    "fct_stock_layers",
    "fct_replenishment",
    "dim_item_warehouses",
    "fct_order_lines",
    "fct_stock_balances",
    "fct_turnover_monthly",
    "fct_open_supply",
    "fct_findings",
    "dim_run_parameters",
    "dim_warehouses",
    MART,
)
FIGURES = (
    "inventory_value",
    "inventory_turnover_annualised",
    "days_inventory_outstanding",
    "average_age_days",
    "dead_stock_value",
    "stockout_line_rate",
    "safety_stock_units",
    "reorder_point_units",
    "suggested_order_units",
    "excess_value",
)


def show(context: Context, card: Mapping[Any, Any]) -> None:
    """The figures at a glance, and one of them led back to its evidence on request; `card` is the item's health row."""
    words = context.words
    heading(words("explain"))
    told = card.get("plan_reason_zh") if words.language == "zh" else None
    if reason := told or card.get("plan_reason"):
        heading(words("plan_reason"), 3)
        st.text(str(reason))
    known = context.reader.words(MART)
    rows = [
        {
            words("figure"): known.get(name, {}).get(f"label_{words.language}", name),
            words("value"): _figure(context, name, card.get(name)),
            words("formula"): _formula(context, known.get(name, {}).get("formula", "")),
            words("source"): ", ".join(known.get(name, {}).get("source", [])),
        }
        for name in FIGURES
        if name in card
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, placeholder="", width="stretch")
    columns = [name for name in explainable_columns(context.reader.release, MART) if name in card]
    columns.sort(key=lambda name: (FIGURES.index(name) if name in FIGURES else len(FIGURES), name))
    chosen = st.selectbox(
        words("explain_one"),
        columns,
        index=None,
        placeholder=words("explain_choose"),
        format_func=lambda name: known.get(name, {}).get(f"label_{words.language}") or name,
        key="explained",
    )
    if chosen:
        _one(context, chosen, str(card["item_id"]), str(card["warehouse_id"]))


def _figure(context: Context, name: str, value: Any) -> str:
    """A figure in its own unit."""
    words = context.words
    if is_share(name):
        return words.percent(value)
    days = f" {words('days')}" if name.endswith(("_days", "_outstanding")) and value is not None else ""
    return words.number(value, 1 if days else 2) + days


def _formula(context: Context, formula: str) -> str:
    """The formula of the dictionary without the types that SQL needs; where it is in another mart, that mart's name."""
    plain = without_types(formula)
    if context.words.language == "zh" and plain.startswith("as in "):
        return context.words("as_in", name=plain.removeprefix("as in "))
    return plain


def without_types(formula: str) -> str:
    """`CAST(x AS TYPE)` as `x`, however deep: the types are for SQL, not for people. Unbalanced text stays as it is."""
    start = formula.find("CAST(")
    if start < 0:
        return formula
    depth, end = 0, -1
    for at in range(start + 4, len(formula)):
        depth += {"(": 1, ")": -1}.get(formula[at], 0)
        if depth == 0:
            end = at
            break
    inner = formula[start + 5 : end].rpartition(" AS ")[0] if end > 0 else ""
    return f"{formula[:start]}{without_types(inner)}{without_types(formula[end + 1 :])}" if inner else formula


def _one(context: Context, column: str, item_id: str, warehouse_id: str) -> None:
    words, release = context.words, context.reader.release
    try:
        found = explain_cell(
            release, MART, column, item_id=item_id, warehouse_id=warehouse_id, as_of=release.as_of
        )  # fmt: skip
    except ExplainError as error:
        message("info", str(error))
        return
    name = found.label_zh if words.language == "zh" else found.label_en
    heading(name, 3)
    if words.language == "en":  # the dictionary describes in English; the label above says it in Chinese
        note(found.description)
    if found.is_recomputed:
        st.code(
            f"{found.calculation}\n= {found.with_numbers}\n= {shown(found.recomputed)}", language="sql", wrap_lines=True
        )
        if found.agrees:
            message("success", words("explain_agrees", value=shown(found.value)))
        else:
            message("warning", words("explain_differs", value=shown(found.value), found=shown(found.recomputed)))
    _inputs(context, found)
    for one in found.evidence:
        with st.expander(label(f"{one.title_in(words.language)} ({one.rows.num_rows:,})")):
            rows = translated(context, one.rows.to_pandas(), ("movement_type", "stock_status", "owner_type"))
            shown_as = column_config(context, rows, _HEADINGS)
            st.dataframe(as_percent(rows), hide_index=True, placeholder="", width="stretch", column_config=shown_as)
    sources = found.sources()
    if sources:
        files = sorted({file for file, _ in sources})
        listed = ", ".join(files[:6]) + (" …" if len(files) > 6 else "")
        note(words("explain_sources", rows=f"{len(sources):,}", files=len(files), names=listed))


def _inputs(context: Context, found: Explanation) -> None:
    words = context.words
    rows = [
        {words("figure"): one.name, words("value"): shown(one.value), words("formula"): one.query}
        for one in found.inputs
    ]
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, placeholder="", width="stretch")
