"""`stockturn plan --what-if`: the plan of today beside one with other lead times, service, money, limits or demand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.markup import escape
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

SHOWN_SUPPLIERS = 10
_WORDS = {
    "order_lines": "lines to order now",
    "order_value": "to order now",
    "withheld_value": "withheld (replay, budget)",
    "transfer_value": "to send to branches now",
    "safety_stock_value": "safety stock",
    "excess_value": "excess",
    "planned_purchase_value": "to buy over the coming weeks",
    "mean_stock_value": "mean stock of these weeks",
    "closing_stock_value": "stock at their end",
    "short_item_warehouses": "item-warehouses that run out in them",
    "short_value": "owed at the ends of weeks, summed",
    "cut_by_budget_rows": "item-warehouses cut by the budget",
    "invested_value": "mean stock that the levels promise",
    "fill_rate": "fill rate that the levels promise",
}


def plan(
    what_if: Annotated[
        Path,
        typer.Option(
            "--what-if", "-w", help="YAML: lead_times, demand, order_limits, service, money (docs/policy.md)."
        ),
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    out: Annotated[Path | None, typer.Option(help="Folder for the tables (CSV).")] = None,
) -> None:
    """Plan today again with the changes of a file, beside the present plan. Nothing is published or changed."""
    import duckdb

    from assets.documents import load_document
    from assets.planning.plan_what_if import plan_what_if
    from assets.planning.policy.changes import PlanFile
    from assets.publish.spreadsheets import plain_texts

    settings = read_settings(config)
    with one_sentence(ValueError, OSError, duckdb.Error):
        document = load_document(what_if, PlanFile)
        warehouse = built_warehouse(settings)
        planning = settings.planning.at_frequency(settings.demand_frequency, settings.seed)
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            found = plan_what_if(connection, document, planning)
    compared = found.compared
    console.print(_company(compared.company, f"{document.name}, {found.as_of}", settings.company.currency))
    console.print(_suppliers(compared.suppliers, settings.company.currency))
    console.print(f"{len(compared.rows)} item-warehouses have other levels or orders.", soft_wrap=True)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        plain_texts(compared.company).to_csv(out / "company.csv", index=False)
        plain_texts(compared.suppliers).to_csv(out / "suppliers.csv", index=False)
        plain_texts(compared.rows).to_csv(out / "rows.csv", index=False)
        for name in ("replenishment", "planned_orders", "supply_plan"):
            plain_texts(found.changed[name]).to_csv(out / f"{name}.csv", index=False)
        names = "company.csv, suppliers.csv, rows.csv, replenishment.csv, planned_orders.csv and supply_plan.csv"
        console.print(f"{names}: {out}", soft_wrap=True)


def _company(figures: pd.DataFrame, title: str, currency: str) -> Table:
    table = Table(title=f"{title} (values in {currency})", box=box.SIMPLE_HEAD)
    for name in ("", "present", "what-if", "change"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for row in figures.to_dict("records"):
        name, values = str(row["figure"]), [row[side] for side in ("present", "what_if", "change")]
        table.add_row(_WORDS[name], *(_shown(value, name, at == 2) for at, value in enumerate(values)))
    return table


def _shown(value: float, name: str, is_change: bool) -> str:
    if value != value:
        return "-"
    sign = "+" if is_change and value > 0 else ""
    if name == "fill_rate":
        return f"{sign}{value * 100:.1f} points" if is_change else f"{value:.1%}"
    return f"{sign}{value:,.0f}"


def _suppliers(rows: pd.DataFrame, currency: str) -> Table:
    """The suppliers whose orders change most; all of them are in suppliers.csv."""
    change = (rows["what_if_order_value"] - rows["present_order_value"]).abs() + (
        rows["what_if_planned_purchase_value"] - rows["present_planned_purchase_value"]
    ).abs()
    most = rows.loc[change[change > 0].sort_values(ascending=False, kind="stable").index[:SHOWN_SUPPLIERS]]
    table = Table(title=f"Purchases by supplier in {currency}: now, and over the coming weeks", box=box.SIMPLE_HEAD)
    for name in ("supplier", "now", "what-if", "weeks", "what-if"):
        table.add_column(name, justify="left" if name == "supplier" else "right", no_wrap=True)
    names = (
        "present_order_value",
        "what_if_order_value",
        "present_planned_purchase_value",
        "what_if_planned_purchase_value",
    )
    for row in most.to_dict("records"):
        table.add_row(escape(str(row["supplier_id"])), *(f"{row[name]:,.0f}" for name in names))
    return table
