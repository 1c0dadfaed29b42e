"""Replenishment: what to order or move, and when; what the plan would have done in the past."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.components import chart, table
from dashboard.context import Context
from dashboard.markup import Tile, Tone, heading, message, note, tiles
from dashboard.queries import moves, planning
from dashboard.texts import Words

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
    if len(weeks) > 1:  # one week alone is the tile above
        heading(words("orders_by_week"))
        weeks["week_start_date"] = weeks["week_start_date"].dt.strftime("%m-%d")
        chart(charts.columns(weeks, "week_start_date", "order_value", words), words("orders_by_week"))
    heading(words("orders"))
    table(
        context,
        "orders",
        lambda limit: planning.orders(reader, wanted, limit),
        marts=MARTS,
        link=True,
        texts=["policy"],
        reasons=["reason"],
        totals={"rows": sums["orders"], "suggested_order_value": sums["order_value"]},
    )
    _transfers(context)
    _ways_out(context)
    _replay(context)


def _transfers(context: Context) -> None:
    words, reader, wanted = context.words, context.reader, context.wanted
    heading(words("transfers"))
    if not reader.has("fct_transfers"):
        note(words("mart_absent"))
        return
    sums = moves.transfer_summary(reader, wanted)
    said = words("transfers_hint")
    if sums["moves"]:
        n, saving = words.number(sums["moves"]), words.money(sums["net_saving_value"])
        said = words("transfers_sum", n=n, value=words.money(sums["transfer_value"]), saving=saving)
    note(said)
    marts = ("fct_transfers", "dim_items")
    table(
        context, "transfers", lambda limit: moves.transfers(reader, wanted, limit), marts=marts, link=True,
        reasons=["reason"],
        totals={"rows": sums["moves"], **{name: sums[name] for name in ("transfer_value", "cost_value", "net_saving_value")}},
    )  # fmt: skip


def _ways_out(context: Context) -> None:
    words, reader, wanted = context.words, context.reader, context.wanted
    heading(words("ways_out"))
    if not reader.has("fct_disposals"):
        note(words("mart_absent"))
        return
    found = moves.ways_out(reader, wanted)
    if found.empty:
        message("info", words("empty"))
        return
    note(words("ways_out_hint"))
    added = ("book_value", "expected_recovery_value", "expected_loss_value")
    totals = {"rows": int(found["items"].sum()), **{name: float(found[name].sum()) for name in added}}
    found["way"] = [words.maybe(f"way_{way}", str(way)) for way in found["way"]]
    chart(charts.recovered(found, words), words("ways_out"))
    table(
        context, "ways_out", lambda limit: moves.disposals(reader, wanted, limit),
        marts=("fct_disposals", "fct_inventory_health"), link=True, texts=["way"], reasons=["reason"], totals=totals,
    )  # fmt: skip


def _replay(context: Context) -> None:
    words, reader, wanted = context.words, context.reader, context.wanted
    heading(words("replay"))
    by_class = moves.replay_by_class(reader, wanted) if reader.has("fct_policy_replay") else pd.DataFrame()
    sums = moves.replay_summary(by_class)
    if not sums:
        note(words("replay_absent"))
        return
    days = f"{sums['from_date']:%Y-%m-%d} – {sums['to_date']:%Y-%m-%d}"
    note(words("replay_hint", days=days, n=words.number(sums["series"])))
    shown = [
        _compared(words, sums, "fill_rate", words("replay_fill"), words.percent, is_more_better=True),
        _compared(words, sums, "stock_value", words("replay_stock"), words.money, is_more_better=False),
        _compared(words, sums, "stockout_days", words("replay_out"), words.number, is_more_better=False),
    ]
    advised = words("replay_against", n=words.number(sums["not_recommended"]))
    tiles([*shown, Tile(words("replay_for"), words.number(sums["recommended"]), [advised])])
    left, right = st.columns(2)
    with left:
        heading(words("replay_stock"), 3)
        chart(charts.plan_and_past(by_class, "stock_value", words, is_rate=False), words("replay_stock"))
    with right:
        heading(words("replay_fill"), 3)
        chart(charts.plan_and_past(by_class, "fill_rate", words, is_rate=True), words("replay_fill"))
    table(
        context, "replay", lambda limit: moves.replay_verdicts(reader, wanted, limit),
        marts=("fct_policy_replay", "fct_inventory_health"), link=True, texts=["policy", "verdict"],
        reasons=["verdict_reason"],
    )  # fmt: skip


def _compared(
    words: Words, sums: dict, figure: str, name: str, form: Callable[[float | None], str], *, is_more_better: bool
) -> Tile:
    plan, past = sums[f"replay_{figure}"], sums[f"actual_{figure}"]
    tone: Tone = "plain"
    if plan is not None and past is not None and plan != past:
        tone = "good" if (plan > past) == is_more_better else "bad"
    return Tile(name, form(plan), [words("replay_actual", value=form(past))], tone)
