"""Overview: in one screen, what costs most and who does what about it, the KPIs against their targets, and what changed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from assets.publish.history import KpiMove, kpi_moves
from dashboard import address, charts
from dashboard.components import chart, chosen_rows, column_config, open_page
from dashboard.context import Context
from dashboard.markup import Tile, Tone, heading, label, note, tiles
from dashboard.queries import overview
from dashboard.queries.worklist import PAGES, worklist
from expectations.incidents import IncidentFilter, list_incidents

# KPI -> the page that says more.
_MORE = {
    "inventory_capital": "cells",
    "inventory_turnover": "cells",
    "days_inventory_outstanding": "cells",
    "dead_stock_rate": "ageing",
    "excess_rate": "replenishment",
    "stockout_line_rate": "replenishment",
    "fill_rate": "replenishment",
    "on_time_delivery_rate": "replenishment",
    "supplier_on_time_rate": "replenishment",
    "record_accuracy_rate": "incidents",
    "near_expiry_rate": "ageing",
}
_TONES: dict[str, Tone] = {"target_met": "good", "within_limits": "warn", "missed": "bad"}


def show(context: Context) -> None:
    words, reader, wanted = context.words, context.reader, context.wanted
    every = overview.kpis(reader, wanted, context.before)
    found = [kpi for name in reader.kpis.tiles() for kpi in every if kpi.name == name]
    tiles([kpi_tile(context, kpi) for kpi in found])
    note(words("tone_hint"))
    _worklist(context)
    _to_do(context)
    _all_kpis(context, every)
    left, right = st.columns(2)
    trend = overview.trend(reader, wanted, context.months)
    with left:
        heading(words("trend_value"))
        chart(charts.value_and_turnover(trend, words), words("trend_value"))
    with right:
        heading(words("trend_stockout"))
        target = next((kpi.target for kpi in found if kpi.name == "stockout_line_rate"), None)
        chart(charts.rate_line(trend, "stockout_line_rate", words, target), words("trend_stockout"))
    left, right = st.columns(2)
    with left:
        heading(words("where_it_sits"))
        options = ["category_name", "warehouse_name", "owner_name"]
        by = st.segmented_control(
            words("where_it_sits"), options, default=options[0], format_func=lambda name: words(f"by_{name}"),
            label_visibility="collapsed",
        )  # fmt: skip
        chart(
            charts.stacked_capital(overview.where_it_sits(reader, wanted, by or options[0]), words),
            words("where_it_sits"),
        )
    with right:
        heading(words("changed"))
        _changes(context)


def kpi_tile(context: Context, kpi: overview.Kpi, *, is_linked: bool = True) -> Tile:
    """A KPI with its target and what moved since the last release."""
    words, link = context.words, _more(kpi.name) if is_linked else ""
    if kpi.value is None:
        reason = words("no_sales") if kpi.status == "no_sales" else words("not_available")
        return Tile(words(f"kpi_{kpi.name}"), "—", [reason], link=link)
    tone = _TONES.get(kpi.state or "", "plain")
    notes = []
    if kpi.target is not None:
        notes.append(words("target", value=words.kpi(kpi.name, kpi.target)))
    moved = words.change(kpi.name, kpi.before, kpi.value)
    if moved not in {"", "±0"}:
        notes.append(words("since_last", value=moved))
    if kpi.coverage is not None and kpi.coverage < 0.995:  # below this, the figure covers less than it seems to
        notes.append(words("coverage", value=words.percent(kpi.coverage, 0)))
    return Tile(words(f"kpi_{kpi.name}"), words.kpi(kpi.name, kpi.value), notes, tone, link)


def _more(kpi: str) -> str:
    return address.link(_MORE[kpi]) if kpi in _MORE else ""


def _worklist(context: Context) -> None:
    """What costs most today, what to do, by whom; a row leads to the page where it is done, for that owner."""
    words = context.words
    heading(words("costs_most"))
    found = worklist(context.reader, context.wanted)
    if found.empty:
        note(words("costs_nothing"))
        return
    rows = found.to_dict("records")
    frame = pd.DataFrame(
        {
            "what_costs": [words(f"work_{row['kind']}", n=words.number(row["items"])) for row in rows],
            "at_stake_value": [row["at_stake_value"] for row in rows],
            "what_to_do": [words(f"work_do_{row['kind']}") for row in rows],
            "first_item": [f"{row['first_item_code']} {row['first_item_name'] or ''}".strip() for row in rows],
            "owner_name": [row["owner_name"] or words("nobody") for row in rows],
            "first_date": [row["first_date"] for row in rows],
        }
    )
    event = st.dataframe(
        frame, key="worklist", hide_index=True, placeholder="", width="stretch", on_select="rerun",
        selection_mode="single-row", column_config=column_config(context, frame, ("fct_inventory_health",)),
    )  # fmt: skip
    note(words("costs_hint"))
    if chosen := chosen_rows(event):
        row = rows[chosen[0]]
        owner = {address.FILTERS["owners"]: str(row["owner_name"])} if row["owner_name"] else {}
        open_page(PAGES[row["kind"]], **owner)


def _all_kpis(context: Context, every: list[overview.Kpi]) -> None:
    words = context.words
    frame = pd.DataFrame(
        {
            words("kpi"): [words(f"kpi_{kpi.name}") for kpi in every],
            words("kpi_now"): [words.kpi(kpi.name, kpi.value) for kpi in every],
            words("kpi_target"): [words.kpi(kpi.name, kpi.target) for kpi in every],
            words("kpi_state"): [words(f"attainment_state_{kpi.state}") if kpi.state else "" for kpi in every],
        }
    )
    with st.expander(label(words("all_kpis"))):
        st.dataframe(frame, hide_index=True, placeholder="", width="stretch")


def _to_do(context: Context) -> None:
    words = context.words
    wait = overview.actions(context.reader, context.wanted)
    if not wait:
        return
    things = [
        Tile(
            words("do_order", n=words.number(wait["order_items"])),
            words.money(wait["order_value"]),
            link=address.link("replenishment"),
        ),
        Tile(words("do_soon"), words.number(wait["stockout_soon_items"]), link=address.link("replenishment")),
        Tile(
            words("do_dead", n=words.number(wait["dead_items"])),
            words.money(wait["dead_value"]),
            link=address.link("ageing"),
        ),
    ]
    if wait["expiry_items"]:
        name = words("do_expiry", n=words.number(wait["expiry_items"]))
        things.append(Tile(name, words.money(wait["expiry_value"]), link=address.link("ageing")))
    if context.store is not None and context.user.sees_everything:
        failing = [one for one in list_incidents(context.store, IncidentFilter(limit=10_000)) if one.state != "closed"]
        critical = sum(one.severity == "critical" for one in failing)
        name = words("do_incidents", m=critical)
        link = address.link("incidents")
        things.append(Tile(name, words.number(len(failing)), tone="bad" if critical else "plain", link=link))
    heading(words("to_do"))
    tiles(things)


def _changes(context: Context) -> None:
    words = context.words
    if context.before is None:
        note(words("changed_first"))
        return
    moves = [
        move
        for move in _moves(context.before.release_id, context.reader.release_id, context)
        if move.scope == "company"
        and (not context.reader.company or move.company_code in ("", context.reader.company))
        and context.user.sees_everything
    ]
    if not moves:
        note(words("changed_none"))
        return
    frame = pd.DataFrame(
        {
            words("kpi"): [words.maybe(f"kpi_{move.kpi}", move.kpi) for move in moves],
            words("before"): [words.kpi(move.kpi, move.before) for move in moves],
            words("after"): [words.kpi(move.kpi, move.after) for move in moves],
            "Δ": [words.change(move.kpi, move.before, move.after) for move in moves],
        }
    )
    st.dataframe(frame, hide_index=True, placeholder="", width="stretch")


@st.cache_data(max_entries=20, show_spinner=False)
def _moves(before: str, after: str, _context: Context) -> tuple[KpiMove, ...]:
    """KPIs that differ between two releases, kept by the server: releases do not change."""
    assert _context.before is not None
    return kpi_moves(_context.before.release, _context.reader.release)
