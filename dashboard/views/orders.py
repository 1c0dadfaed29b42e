"""Orders: drafts by supplier, approved or rejected in the name of who looks, handed over to the ERP."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from assets.publish.handoff.drafts import hand_over, proposed, with_units
from assets.publish.handoff.shapes import SHAPES
from assets.publish.handoff.store import Order, OrderError
from dashboard import address
from dashboard.components import csv_bytes, headings, spoken, table
from dashboard.context import Context
from dashboard.identity import Role
from dashboard.markup import Tile, heading, message, note, tiles
from dashboard.queries import orders as queries

STATES = ("proposed", "approved", "rejected", "exported", "acknowledged")
DECIDED_BY = Role.OPERATOR
HANDED_OVER_BY = Role.ADMIN
MARTS = ("fct_order_draft_lines", "fct_order_drafts", "dim_items", "dim_suppliers", "dim_warehouses")


def show(context: Context) -> None:
    words = context.words
    if not context.reader.has(*queries.MARTS):
        message("info", words("mart_absent"))
        return
    drafts = visible(context)
    if drafts.empty:
        message("info", words("orders_none"))
        return
    open_ones = drafts[drafts["order_state"] == "proposed"]
    approved = drafts[drafts["order_state"] == "approved"]
    tiles(
        [
            Tile(
                words("orders_waiting"),
                words.number(len(open_ones)),
                [words.money(float(open_ones["order_value"].sum()))],
            ),
            Tile(
                words("orders_approved"),
                words.number(len(approved)),
                [words.money(float(approved["order_value"].sum()))],
            ),
            Tile(words("orders_suppliers"), words.number(drafts["supplier_name"].nunique())),
        ]
    )
    heading(words("orders_by_supplier"))
    note(words("orders_hint"))
    shown = drafts.drop(columns=["supplier_id", "warehouse_id"])
    table(context, "drafts", lambda limit: shown.head(limit), marts=MARTS, texts=["order_state"])
    names = {str(row.draft_no): f"{row.supplier_name} · {row.draft_no}" for row in drafts.itertuples()}
    chosen = address.choose(
        st.selectbox, words("order_pick"), "draft", list(names), next(iter(names)), format_func=names.__getitem__
    )
    if chosen:
        _one(context, chosen)


def visible(context: Context) -> pd.DataFrame:
    """The drafts that the user may see, with the state that people gave them."""
    drafts = queries.drafts(context.reader, context.wanted)
    decided = {order.draft_no: order.state for order in context.order_store.orders(list(drafts["draft_no"]))}
    drafts.insert(1, "order_state", [decided.get(draft, "proposed") for draft in drafts["draft_no"]])
    return drafts


def order_of(context: Context, draft_no: str) -> Order:
    """The draft as it was decided, else as the plan proposes it. Raises OrderError where there is none."""
    release = context.reader.release
    kept = context.order_store.get(draft_no)
    return kept or proposed(draft_no, queries.rows_of(context.reader, draft_no), release.release_id, release.as_of)


def _one(context: Context, draft_no: str) -> None:
    words = context.words
    heading(words("order_lines_of", draft=draft_no))
    order = order_of(context, draft_no)
    lines = queries.lines(context.reader, draft_no)
    approved = {line.draft_line_id: line.approved_units for line in order.lines}
    lines["approved_units"] = [approved.get(line, 0.0) for line in lines["draft_line_id"]]
    lines = spoken(lines, ["reason"], words)
    is_open = order.state in ("proposed", "approved", "rejected") and context.user.may(DECIDED_BY)
    shown = lines.drop(columns=["item_id", "warehouse_id"])
    names = headings(context, shown, MARTS)
    edited = st.data_editor(
        shown,
        key=f"lines_{draft_no}_{order.state}",
        hide_index=True,
        width="stretch",
        disabled=[name for name in shown.columns if name != "approved_units" or not is_open],
        column_config={
            name: st.column_config.NumberColumn(label, min_value=0) if name == "approved_units" else label
            for name, label in names.items()
        },
    )
    st.download_button(
        words("export"),
        data=lambda: csv_bytes(shown, names),
        file_name=f"stockturn_{draft_no}.csv",
        mime="text/csv",
        key=f"export_{draft_no}",
        on_click="ignore",
    )
    _history(context, draft_no)
    _act(context, order, dict(zip(edited["draft_line_id"], edited["approved_units"], strict=True)))


def _history(context: Context, draft_no: str) -> None:
    words = context.words
    entries = context.order_store.history(draft_no)
    if entries:
        heading(words("history"), 3)
        rows = [
            {
                words("at"): f"{at:%Y-%m-%d %H:%M} UTC",
                words("user"): user,
                words("action"): words.maybe(f"order_state_{action}", action),
                words("words"): comment,
            }
            for at, action, user, comment in entries
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, placeholder="", width="stretch")


def _act(context: Context, order: Order, units: dict[str, float]) -> None:
    words = context.words
    heading(words("act"), 3)
    if said := st.session_state.pop("said", None):
        message("success", said)
    choices = allowed(context, order)
    if not choices:
        viewer = not context.user.may(DECIDED_BY)
        message(
            "info",
            words("orders_viewer_only") if viewer else words("order_is", state=words(f"order_state_{order.state}")),
        )
        return
    action = st.selectbox(words("action"), choices, format_func=lambda name: words(f"order_{name}"), key="order_action")
    with st.form("order_act", clear_on_submit=True):
        text = st.text_area(words("words"), height=90) if action != "hand_over" else ""
        shape = st.selectbox(words("order_shape"), list(SHAPES)) if action == "hand_over" else ""
        sent = st.form_submit_button(words("submit"), type="primary")
    if sent:
        try:
            done = perform(context, order.draft_no, action, units, text, shape)
        except OrderError as error:
            message("error", str(error))
            return
        where = f": {done}" if done else ""
        st.session_state["said"] = words("saved", what=words(f"order_{action}")) + where
        st.rerun()


def allowed(context: Context, order: Order) -> list[str]:
    """What the user may do with an order in its state."""
    decide = (
        ["approve", "reject"]
        if order.state in ("proposed", "approved", "rejected") and context.user.may(DECIDED_BY)
        else []
    )
    return [*decide, *(["hand_over"] if order.state == "approved" and context.user.may(HANDED_OVER_BY) else [])]


def perform(
    context: Context, draft_no: str, action: str, units: dict[str, float], text: str, shape: str
) -> Path | None:
    """Do it in the user's name, if the user may do it and may see the whole draft; gives the file that was written.

    Raises:
        PermissionError: the role does not allow it, or a line of the draft is beyond the user's limits.
        OrderError: the store refuses it, a rejection without a reason.
    """
    name, store = context.user.name, context.order_store
    if draft_no not in set(queries.drafts(context.reader, context.wanted.limits)["draft_no"]):
        raise PermissionError(f"{name} may not see {draft_no}")
    order = order_of(context, draft_no)
    if not context.user.may(HANDED_OVER_BY if action == "hand_over" else DECIDED_BY):
        raise PermissionError(f"{name} may not {action}")
    if action == "hand_over":
        out = context.settings.workspace().root / "orders"
        folder = context.settings.handoff_folder()
        return hand_over(store, order, shape, out, folder, context.reader.release.as_of, name)
    if action == "reject" and not text.strip():
        raise OrderError(context.words("order_needs_reason"))
    store.decide(with_units(order, units), "approved" if action == "approve" else "rejected", name, text)
    return None
