"""One item in one warehouse: stock, demand with the forecast fan, layers, movements, and why the figures are so."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.components import Tile, chart, column_config, headings, table, tiles, total_line
from dashboard.context import Context
from dashboard.queries import item
from dashboard.views import explain

_PERIODS = {"D": "day", "W": "week", "M": "month"}


def show(context: Context) -> None:
    chosen = _choose(context)
    if chosen is None:
        st.info(context.words("empty"))
        return
    item_id, warehouse_id = chosen
    card = item.card(context.reader, context.wanted, item_id, warehouse_id)
    if not card:
        st.info(context.words("empty"))
        return
    _figures(context, card)
    _pictures(context, card, item_id, warehouse_id)
    _layers(context, item_id, warehouse_id)
    st.subheader(context.words("movements"))
    table(
        context,
        "movements",
        lambda limit: item.movements(context.reader, item_id, warehouse_id, limit),
        marts=("fct_stock_movements",),
        texts=["movement_type"],
    )
    explain.show(context, card)


def _choose(context: Context) -> tuple[str, str] | None:
    words = context.words
    left, right = st.columns([1, 2])
    text = left.text_input(words("find_item"), key="item_search")
    found = item.find(context.reader, context.wanted, text)
    options = [(row["item_id"], row["warehouse_id"]) for row in found.to_dict("records")]
    labels = {(row["item_id"], row["warehouse_id"]): _label(row) for row in found.to_dict("records")}
    wanted = st.session_state.get("item")
    if wanted and wanted not in options and not text:
        card = item.card(context.reader, context.wanted, *wanted)
        if card:
            options.insert(0, wanted)
            labels[wanted] = _label(card)
    if not options:
        return None
    index = options.index(wanted) if wanted in options else 0
    chosen = right.selectbox(words("choose_item"), options, index=index, format_func=lambda one: labels[one])
    st.session_state["item"] = chosen
    return chosen


def _label(row: Mapping[Hashable, Any]) -> str:
    return f"{row['item_code']} {row['item_name'] or ''} · {row['warehouse_name'] or row['warehouse_id']}"


def _figures(context: Context, card: dict[Any, Any]) -> None:
    words = context.words
    st.subheader(_label(card))
    days = words("days")
    tiles(
        [
            Tile(words("on_hand"), f"{words.number(card['on_hand_units'])} {card['base_uom'] or ''}".strip()),
            Tile(words("inventory_value"), words.money(card["inventory_value"])),
            Tile(words("turnover"), words.number(card["inventory_turnover_annualised"], 2)),
            Tile(
                words("cover"), f"{words.number(card['cover_days'])} {days}" if card["cover_days"] is not None else "—"
            ),
            Tile(
                words("idle"),
                words.number(card["idle_days"]),
                tone="bad" if card["is_dead"] else "plain",
            ),
            Tile(
                "ABC-XYZ",
                card["abc_xyz_cell"] or "—",
                [words.maybe(f"policy_{card['policy']}", str(card["policy"] or ""))],
            ),
        ]
    )


def _pictures(context: Context, card: dict[Any, Any], item_id: str, warehouse_id: str) -> None:
    words, reader = context.words, context.reader
    left, right = st.columns(2)
    with left:
        st.subheader(words("stock_and_demand"))
        line = item.stock_line(reader, item_id, warehouse_id)
        chart(charts.stock_steps(line, words, card["reorder_point_units"]), words("stock_and_demand"))
    with right:
        st.subheader(words("demand_and_forecast"))
        period = _PERIODS[context.settings.demand_frequency]
        history = item.demand(reader, item_id, warehouse_id, period)
        fan = item.fan(reader, item_id, warehouse_id)
        chart(charts.demand_fan(history, fan, words), words("demand_and_forecast"))
        if not fan.empty:
            st.caption(f"{fan['model'].iloc[0]} · {words.reason(str(fan['model_reason'].iloc[0] or ''))}")


def _layers(context: Context, item_id: str, warehouse_id: str) -> None:
    words = context.words
    found = item.layers(context.reader, item_id, warehouse_id)
    if found.empty:
        return
    left, right = st.columns(2)
    with left:
        st.subheader(words("layers"))
        chart(charts.columns(found, "bucket_label", "quantity_units", words, money=False), words("layers"))
    with right:
        st.subheader(" ")
        # the state of the value is worth a column only where some value is missing
        hidden = ["bucket_no", *(["value_status"] if set(found["value_status"]) == {"ok"} else [])]
        st.dataframe(
            found.drop(columns=hidden),
            hide_index=True,
            placeholder="",
            width="stretch",
            column_config=column_config(context, found, ("fct_stock_ageing",)),
        )
        sums = {"rows": len(found), **{name: found[name].sum() for name in ("quantity_units", "stock_value")}}
        st.caption(total_line(context, sums, headings(context, found, ("fct_stock_ageing",))))
