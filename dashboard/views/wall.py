"""The picture of the whole for a wall screen: KPIs, where the capital is, the trend, what costs most. It shows a new release by
itself, and has nothing to click."""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping
from typing import Any

import streamlit as st

from assets.publish.releases import current_id
from dashboard import charts
from dashboard.components import chart
from dashboard.context import Context
from dashboard.markup import heading, tiles
from dashboard.queries import overview
from dashboard.queries.worklist import worklist
from dashboard.views.overview import kpi_tile

LOOK_SECONDS = 30  # how often it looks for a new release
_LINES = 6
_STYLE = """<style>
[data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stSidebarCollapsedControl"] {display: none;}
.block-container {max-width: none; padding: 1rem 2rem;}
.st-tile .figure {font-size: 2.3rem;} .st-tile .name {font-size: 1.05rem;} .st-tile .note {font-size: .95rem;}
h2.st-heading {font-size: 1.3rem;}
.st-wall {width: 100%; border-collapse: collapse; font-size: 1.05rem;}
.st-wall td, .st-wall th {padding: .3rem .6rem; border-bottom: 1px solid #e3e8ee; text-align: left;}
.st-wall td:nth-child(2) {white-space: nowrap;}
.st-wall .money {text-align: right; font-variant-numeric: tabular-nums;}
</style>"""


def show(context: Context) -> None:
    words, reader, wanted = context.words, context.reader, context.wanted
    st.html(_STYLE)
    every = overview.kpis(reader, wanted, context.before, reader.kpis.tiles())
    tiles([kpi_tile(context, kpi, is_linked=False) for kpi in every])
    left, middle, right = st.columns(3)
    with left:
        heading(words("trend_value"))
        trend = overview.trend(reader, wanted, context.months)
        chart(charts.value_and_turnover(trend, words), words("trend_value"))
    with middle:
        heading(words("where_it_sits"))
        capital = overview.where_it_sits(reader, wanted, "category_name")
        chart(charts.stacked_capital(capital, words), words("where_it_sits"))
    with right:
        heading(words("costs_most"))
        _costs(context)
    _watch(context)


def _costs(context: Context) -> None:
    words = context.words
    heads = [words("column_what_costs"), words("owner"), words("column_at_stake_value")]
    rows = worklist(context.reader, context.wanted, _LINES).to_dict("records")
    cells = "".join(_row(context, row) for row in rows)
    head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
    st.html(f'<table class="st-wall"><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>')


def _row(context: Context, row: Mapping[Hashable, Any]) -> str:
    words = context.words
    what = words(f"work_{row['kind']}", n=words.number(row["items"]))
    who, money = row["owner_name"] or words("nobody"), words.money(row["at_stake_value"])
    cells = "".join(f"<td>{html.escape(text)}</td>" for text in (what, who))
    return f'<tr>{cells}<td class="money">{html.escape(money)}</td></tr>'


def _watch(context: Context) -> None:
    """Draw the page again once another release is current."""
    shown, folder = context.reader.release_id, context.settings.workspace().releases

    @st.fragment(run_every=LOOK_SECONDS)
    def look() -> None:
        if current_id(folder) not in (shown, None):
            st.rerun()

    look()
