"""`stockturn replay`: other policies over the company's own history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from orchestration.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    built_warehouse,
    console,
    one_sentence,
    read_settings,
)

if TYPE_CHECKING:
    import pandas as pd  # half a second, which the other commands need not pay


def replay(
    policy: Annotated[Path, typer.Option("--policy", "-p", help="YAML: all_cells, cells, items (docs/policy.md).")],
    config: ConfigOption = DEFAULT_CONFIG,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables (CSV) and the trade-off curve (SVG, PNG).")
    ] = None,
    refit_days: Annotated[int, typer.Option(min=7, help="Days between two settings of the levels.")] = 28,
) -> None:
    """Run the policies of a file over the real history, beside the present ones and beside what happened."""
    import duckdb

    from assets.documents import load_document
    from assets.planning.replay.plot import plot_trade_off
    from assets.planning.replay.what_if import PolicyFile
    from assets.planning.what_if import WhatIf, replay_what_if
    from assets.publish.spreadsheets import plain_texts

    settings = read_settings(config)
    with one_sentence(ValueError, OSError, duckdb.Error):
        document = load_document(policy, PolicyFile)
        warehouse = built_warehouse(settings)
        planning = settings.planning.at_frequency(settings.demand_frequency, settings.seed)
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            found: WhatIf = replay_what_if(connection, document, planning, refit_days=refit_days)
    console.print(_table(found.cells, document.name, settings.company.currency))
    console.print(_sentence(found.freed, settings.company.currency), soft_wrap=True)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        plain_texts(found.cells).to_csv(out / "cells.csv", index=False)
        plain_texts(found.changed.table).to_csv(out / "replay.csv", index=False)
        plain_texts(found.changed.curve).to_csv(out / "trade_off.csv", index=False)
        for kind in ("svg", "png"):
            picture = plot_trade_off(
                found.changed.curve, found.changed.summary, currency=settings.company.currency, title=document.name,
                present=found.present.summary, kind=kind,
            )  # fmt: skip
            (out / f"trade_off.{kind}").write_bytes(picture)
        console.print(f"cells.csv, replay.csv, trade_off.csv, trade_off.svg and trade_off.png: {out}", soft_wrap=True)


def _table(cells: pd.DataFrame, name: str, currency: str) -> Table:
    """Fill rate and mean stock, three ways; 80 columns wide. Costs and orders are in cells.csv."""
    from assets.planning.replay.what_if import SIDES

    table = Table(title=f"{name}: fill rate, and mean stock in thousands of {currency}", box=box.SIMPLE_HEAD)
    titles = ("cell", "rows", "fill was", "present", "what-if", "stock was", "present", "what-if", "worse")
    for title in titles:
        table.add_column(title, justify="left" if title == "cell" else "right", no_wrap=True)
    for row in cells.to_dict("records"):
        fills = [_share(row[f"{side}_fill_rate"]) for side in SIDES]
        stocks = [f"{row[f'{side}_average_stock_value'] / 1000:,.1f}" for side in SIDES]
        worse = f"{row['what_if_not_recommended']:.0f}"
        table.add_row(str(row["abc_xyz_cell"]), f"{row['rows']:.0f}", *fills, *stocks, worse)
    return table


def _share(rate: float) -> str:
    return f"{rate:.1%}" if rate == rate else "-"


def _sentence(freed: dict[str, float | str], currency: str) -> str:
    fill, was, needs = (float(freed[name]) for name in ("fill_rate", "actual_stock_value", "policy_stock_value"))
    if freed["status"] == "above_curve":
        return f"No safety stock of these policies reaches the fill rate that was had ({fill:.1%} by value)."
    change, verb = was - needs, "frees" if needs <= was else "needs"
    return (
        f"At the fill rate that was had ({fill:.1%} by value) the what-if {verb} {abs(change):,.0f} {currency} "
        f"({abs(float(freed['freed_rate'])):.1%} of the stock held)."
    )
