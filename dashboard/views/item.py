"""One item in one warehouse: stock, demand with the forecast fan, layers, movements, and why the figures are so."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from assets.publish.dictionary import english
from dashboard import address, charts
from dashboard.components import chart, column_config, headings, spoken, table, total_line
from dashboard.context import Context
from dashboard.markup import Tile, heading, message, note, tiles
from dashboard.queries import item
from dashboard.views import explain

_PERIODS = {"D": "day", "W": "week", "M": "month"}
_PER_MONTH = {"day": 30, "week": 4, "month": 1}


def show(context: Context) -> None:
    chosen = _choose(context)
    if chosen is None:
        message("info", context.words("empty"))
        return
    item_id, warehouse_id = chosen
    card = item.card(context.reader, context.wanted.limits, item_id, warehouse_id)
    if not card:
        message("info", context.words("empty"))
        return
    _figures(context, card)
    _record(context, item_id)
    _pictures(context, card, item_id, warehouse_id)
    _layers(context, item_id, warehouse_id)
    _movements(context, item_id, warehouse_id)
    explain.show(context, card)


def _movements(context: Context, item_id: str, warehouse_id: str) -> None:
    """The movements, and the document of the one that is chosen."""
    words, reader = context.words, context.reader
    heading(words("movements"))
    note(words("movements_hint"))
    chosen = table(
        context,
        "movements",
        lambda limit: item.movements(reader, item_id, warehouse_id, context.months, limit),
        marts=("fct_stock_movements",),
        texts=["movement_type"],
        select=True,
    )
    if chosen is not None:
        address.put({address.DOCUMENT: str(chosen["doc_no"] or "")})
    doc_no = address.asked(address.DOCUMENT)
    if not doc_no:
        return
    heading(words("document", doc=doc_no))
    table(
        context,
        "document",
        lambda limit: item.document(reader, context.wanted, doc_no, limit),
        marts=("fct_stock_movements", "fct_inventory_health"),
        texts=["movement_type"],
        link=True,
    )


def _choose(context: Context) -> tuple[str, str] | None:
    """The item of the address, else the one with the most capital of those that the search finds."""
    words = context.words
    left, right = st.columns([1, 2])
    text = left.text_input(words("find_item"), key="item_search")
    found = item.find(context.reader, context.wanted, text).to_dict("records")
    asked = (address.asked(address.ITEM), address.asked(address.PLACE))
    known = {(row["item_id"], row["warehouse_id"]): _label(row) for row in found}
    if asked[0] and not text:
        # a link leads to its item whatever else is chosen, within what the user may see
        rows = item.places(context.reader, context.wanted.limits, asked[0]).to_dict("records")
        known = {(row["item_id"], row["warehouse_id"]): _label(row) for row in rows} | known
        if rows and asked not in known:  # without a warehouse, the one where most of it is
            asked = (rows[0]["item_id"], rows[0]["warehouse_id"])
        elif not rows:
            message("warning", words("item_unknown", item=asked[0]))
    if not known:
        return None
    options = list(known)
    st.session_state["item_choice"] = asked if asked in known else options[0]

    def changed() -> None:
        item_id, warehouse_id = st.session_state["item_choice"]
        address.put({address.ITEM: item_id, address.PLACE: warehouse_id, address.DOCUMENT: ""})

    chosen: tuple[str, str] = right.selectbox(
        words("choose_item"), options, key="item_choice", on_change=changed, format_func=lambda one: known[one]
    )
    return chosen


def _label(row: Mapping[Hashable, Any]) -> str:
    return f"{row['item_code']} {row['item_name'] or ''} · {row['warehouse_name'] or row['warehouse_id']}"


def _figures(context: Context, card: dict[Any, Any]) -> None:
    words = context.words
    heading(_label(card))
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


def _record(context: Context, item_id: str) -> None:
    """What the master record says, every column: one that a contract gains is here by its name in the dictionary."""
    words, known = context.words, context.reader.words(item.RECORD)
    rows = [
        {
            words("field"): known.get(name, {}).get(f"label_{words.language}") or english(name),
            words("value"): words.cell(name, value),
            words("meaning"): known.get(name, {}).get("description" if words.language == "en" else "description_zh"),
        }
        for name, value in item.record(context.reader, item_id).items()
    ]
    with st.expander(words("master_record")):
        st.dataframe(pd.DataFrame(rows), hide_index=True, placeholder="", width="stretch")


def _pictures(context: Context, card: dict[Any, Any], item_id: str, warehouse_id: str) -> None:
    words, reader = context.words, context.reader
    left, right = st.columns(2)
    with left:
        heading(words("stock_and_demand"))
        line = item.stock_line(reader, item_id, warehouse_id, days=context.months * 30)
        chart(charts.stock_steps(line, words, card["reorder_point_units"]), words("stock_and_demand"))
    with right:
        heading(words("demand_and_forecast"))
        period = _PERIODS[context.settings.demand_frequency]
        history = item.demand(reader, item_id, warehouse_id, period, _PER_MONTH[period] * context.months)
        fan = item.fan(reader, item_id, warehouse_id)
        chart(charts.demand_fan(history, fan, words), words("demand_and_forecast"))
        if not fan.empty:
            chosen = spoken(fan.head(1), ["model_reason"], words)
            told = chosen[[name for name in chosen if str(name).startswith("model")]].iloc[0]
            note(" · ".join(str(text or "") for text in told))


def _layers(context: Context, item_id: str, warehouse_id: str) -> None:
    words = context.words
    found = item.layers(context.reader, item_id, warehouse_id)
    if found.empty:
        return
    left, right = st.columns(2)
    with left:
        heading(words("layers"))
        chart(charts.columns(found, "bucket_label", "quantity_units", words, money=False), words("layers"))
    with right:
        heading("")
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
        note(total_line(context, sums, headings(context, found, ("fct_stock_ageing",))))
