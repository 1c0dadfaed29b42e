"""Replenishment: what to order or move, and when; what the plan would have done in the past."""

from __future__ import annotations

import streamlit as st

from dashboard import charts
from dashboard.components import Tile, chart, table, tiles
from dashboard.context import Context
from dashboard.queries import planning

MARTS = ("fct_replenishment", "fct_inventory_health")


def show(context: Context) -> None:
    words, reader, wanted = context.words, context.reader, context.wanted
    sums = planning.order_summary(reader, wanted)
    tiles(
        [
            Tile(words("order_lines"), words.number(sums["orders"])),
            Tile(words("order_value"), words.money(sums["order_value"])),
            Tile(words("orders_due"), words.number(sums["due_now"]), tone="bad" if sums["due_now"] else "good"),
            Tile(
                words("soon_out"), words.number(sums["stockout_soon"]), tone="bad" if sums["stockout_soon"] else "good"
            ),
            Tile(words("excess_value"), words.money(sums["excess_value"])),
        ]
    )
    weeks = planning.orders_by_week(reader, wanted)
    if not weeks.empty:
        st.subheader(words("orders_by_week"))
        weeks["week_start_date"] = weeks["week_start_date"].dt.strftime("%m-%d")
        chart(charts.columns(weeks, "week_start_date", "order_value", words), words("orders_by_week"))
    st.subheader(words("orders"))
    table(
        context,
        "orders",
        lambda limit: planning.orders(reader, wanted, limit),
        marts=MARTS,
        link=True,
        texts=["policy"],
    )
    st.subheader(words("transfers"))
    st.caption(words("transfers_hint"))
    table(
        context, "transfers", lambda limit: planning.transfer_candidates(reader, wanted, limit), marts=MARTS, link=True
    )
