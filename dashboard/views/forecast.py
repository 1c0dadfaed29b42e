"""Forecast review: how good, against what, and where a wrong forecast costs most."""

from __future__ import annotations

import streamlit as st

from dashboard import charts
from dashboard.components import chart, table
from dashboard.context import Context
from dashboard.markup import Tile, heading, message, note, tiles
from dashboard.queries import planning

MARTS = ("fct_forecasts", "fct_inventory_health")


def show(context: Context) -> None:
    words, reader, wanted = context.words, context.reader, context.wanted
    sums = planning.forecast_summary(reader, wanted)
    if not sums.get("series"):
        message("info", words("empty"))
        return
    better = sums["better_than_naive_rate"]
    tiles(
        [
            Tile(words("series"), words.number(sums["series"])),
            Tile(words("median_wape"), words.percent(sums["median_wape"], 0)),
            Tile(words("median_bias"), words.percent(sums["median_bias"], 1)),
            Tile(
                words("better_than_naive"),
                words.percent(better, 0),
                tone="plain" if better is None else ("good" if better > 0.5 else "bad"),
            ),
            Tile(
                words("median_coverage"),
                words.percent(sums["median_coverage"], 0),
                [words("should_be", value=words.percent(0.9, 0))],
            ),
        ]
    )
    left, right = st.columns([2, 3])
    with left:
        heading(words("wape_spread"))
        spread = planning.wape_spread(reader, wanted)
        spread["wape_from"] = [f"{value:.0%}" if value < 2 else "200%+" for value in spread["wape_from"]]
        chart(
            charts.columns(spread, "wape_from", "series", words, money=False, title=words("wape_axis")),
            words("wape_spread"),
        )
    with right:
        heading(words("models"))
        table(context, "models", lambda limit: planning.forecast_models(reader, wanted).head(limit), marts=MARTS)
    heading(words("misses"))
    note(words("bias_hint"))
    table(
        context, "misses", lambda limit: planning.forecast_misses(reader, wanted, limit), marts=MARTS, link=True,
        reasons=["model_reason"],
    )  # fmt: skip
