"""ABC-XYZ: the nine cells, and the items of one."""

from __future__ import annotations

import streamlit as st

from dashboard import address, charts
from dashboard.components import chart, table
from dashboard.context import Context
from dashboard.markup import heading, message, note
from dashboard.queries import stock


def show(context: Context) -> None:
    words, reader, wanted = context.words, context.reader, context.wanted
    found = stock.cells(reader, wanted)
    if found.empty:
        message("info", words("empty"))
        return
    heading(words("nine_cells"))
    note(words("cells_hint"))
    chart(charts.nine_cells(found, words), words("nine_cells"))
    names = [f"{row.abc_class}{row.xyz_class}" for row in found.itertuples()]
    chosen = address.choose(st.segmented_control, words("cell"), "cell", names, names[0], required=True) or names[0]
    cell = found[(found["abc_class"] == chosen[0]) & (found["xyz_class"] == chosen[1:])].iloc[0]
    sums = {name: cell[name] for name in ("inventory_value", "cogs_value_365", "dead_stock_value")}
    marts = ("fct_inventory_health",)
    table(
        context, f"cell_{chosen}", lambda limit: stock.items_of_cell(reader, wanted, chosen[0], chosen[1:], limit),
        marts=marts, link=True, texts=["policy", "demand_pattern"], totals={"rows": int(cell["items"]), **sums},
    )  # fmt: skip
