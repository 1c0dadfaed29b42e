"""Ageing and dead stock: how old, why, and what to dispose of first."""

from __future__ import annotations

import streamlit as st

from dashboard import charts
from dashboard.components import chart, table
from dashboard.context import Context
from dashboard.markup import heading, message
from dashboard.queries import stock


def show(context: Context) -> None:
    words, reader, wanted = context.words, context.reader, context.wanted
    now = stock.buckets_now(reader, wanted)
    if now.empty:
        message("info", words("empty"))
        return
    left, right = st.columns(2)
    with left:
        heading(words("ageing_waterfall"))
        chart(charts.waterfall(now, words), words("ageing_waterfall"))
    with right:
        heading(words("ageing_time"))
        chart(charts.age_mix(stock.buckets_over_time(reader, wanted, context.months), words), words("ageing_time"))
    causes = stock.dead_by_cause(reader, wanted)
    heading(words("causes"))
    if causes.empty:
        message("info", words("empty"))
        return
    causes["cause"] = [words(f"cause_{cause}") for cause in causes["cause"]]
    chart(charts.bars(causes, "cause", "dead_stock_value", words), words("causes"))
    heading(words("disposal"))
    table(
        context,
        "disposal",
        lambda limit: stock.disposal_list(reader, wanted, limit),
        marts=("fct_inventory_health", "fct_disposals"),
        link=True,
        texts=["cause", "way"],
        totals={"rows": int(causes["items"].sum()), "dead_stock_value": float(causes["dead_stock_value"].sum())},
    )
