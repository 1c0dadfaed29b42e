"""`stockturn explain`: from a mart cell to its formula, its numbers, and the file and row of each."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from assets.explain.cell import explain_cell
from assets.explain.model import Evidence, ExplainError, Explanation, shown
from assets.explain.texts import text
from assets.publish.history import find_release
from assets.publish.releases import Release, list_releases
from orchestration.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    LangOption,
    console,
    language,
    one_sentence,
    published,
    read_settings,
)
from orchestration.settings import Settings

WIDTH = 180
_MOVEMENTS = "business_date movement_type quantity_units cost_value cogs_value doc_no source_file source_row"
_COLUMNS = {
    "movements": tuple(_MOVEMENTS.split()),
    "period_movements": tuple(_MOVEMENTS.split()),
    "receipts": tuple(("warehouse_id source_unit_cost " + _MOVEMENTS).split()),
    "layers": (
        "lot_no", "lot_expiry_date", "origin_date", "arrived_date", "layer_age_days", "quantity_units", "unit_cost", "layer_value",
        "origin_doc_no", "origin_source_file", "origin_source_row",
    ),
    "order_lines": (
        "so_no", "so_line_id", "requested_date", "ordered_units", "on_time_units", "shelf_units", "is_stockout", "source_file",
        "source_row",
    ),
    "intervals": ("valid_from_date", "valid_to_date", "on_hand_units", "inventory_value", "value_status"),
}  # fmt: skip
"""What of the evidence is printed; the dashboard and `explain_cell` have all of it."""


def explain(
    mart: Annotated[str, typer.Option(help="Mart, for instance fct_inventory_health.")],
    column: Annotated[str, typer.Option(help="Column of the mart.")],
    item: Annotated[str, typer.Option(help="item_id: company/code.")] = "",
    warehouse: Annotated[str, typer.Option(help="warehouse_id: company/code.")] = "",
    as_of: Annotated[
        str, typer.Option("--as-of", help="Day of the figure, YYYY-MM-DD; today's release by default.")
    ] = "",
    key: Annotated[list[str] | None, typer.Option("--key", help="Further key, NAME=VALUE; may be repeated.")] = None,
    release: Annotated[str, typer.Option(help="Release id: the figure as it was known then.")] = "",
    rows: Annotated[int, typer.Option(min=0, help="Rows shown of each kind of evidence; 0 shows all.")] = 12,
    config: ConfigOption = DEFAULT_CONFIG,
    lang: LangOption = "",
) -> None:
    """Where a figure comes from. Ends 1 where the evidence does not give the published figure."""
    settings = read_settings(config)
    spoken = language(lang, settings)
    with one_sentence(ExplainError, ValueError):
        day = date.fromisoformat(as_of) if as_of else None
        chosen = _release(settings, release, day)
        keys = dict(_pair(text) for text in key or ())
        found = explain_cell(
            chosen, mart, column, item_id=item or None, warehouse_id=warehouse or None, as_of=day or chosen.as_of, key=keys
        )  # fmt: skip
    _show(found, rows, spoken)
    raise typer.Exit(0 if found.agrees else 1)


def _release(settings: Settings, name: str, day: date | None) -> Release:
    """The named release; else the newest that covers the day; else the current one, which holds earlier days too."""
    folder = settings.workspace().releases
    if name:
        return find_release(folder, name)
    current = published(settings)
    if day is None or day == current.as_of:
        return current
    of_that_day = [one for one in list_releases(folder) if one.as_of == day]
    return of_that_day[-1] if of_that_day else current


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise ValueError(f"--key {text}: write it as NAME=VALUE")
    return name, value


def _show(found: Explanation, rows: int, spoken: str) -> None:
    where = ", ".join(f"{name} {shown(value)}" for name, value in found.key.items())
    label, other = (found.label_zh, found.label_en) if spoken == "zh" else (found.label_en, found.label_zh)

    def say(name: str, **values: object) -> str:
        return text(name, spoken, **values)

    lines = [
        f"[bold]{escape(found.mart)}.{escape(found.column)}[/bold] = [bold]{escape(shown(found.value))}[/bold] {escape(found.unit)}",
        f"{escape(label)} · {escape(other)}: {escape(found.description)}",
        escape(say("where", key=where, release=found.release_id, day=found.as_of)),
        escape(say("formula", text=found.formula)),
    ]
    if found.is_recomputed:
        result = escape(say("equal" if found.agrees else "differs", value=shown(found.recomputed)))
        lines += [
            escape(say("calculation", text=found.calculation)),
            escape(say("numbers", text=found.with_numbers)),
            result if found.agrees else f"[red]{result}[/red]",
        ]
    elif found.inputs:
        lines.append(say("decided"))
    for line in lines:
        console.print(line, soft_wrap=True)
    for one in found.inputs:
        console.print(f"  {one.name} = {escape(shown(one.value))}   [dim]{escape(one.query)}[/dim]", soft_wrap=True)
    asked = " ".join(one.query for one in found.inputs)
    for evidence in found.evidence:
        if evidence.rows.num_rows == 1 and evidence.name not in _COLUMNS:
            values = {name: value for name, value in evidence.rows.to_pylist()[0].items() if name in asked}
            said = ", ".join(f"{name} {shown(value)}" for name, value in values.items())
            if said:
                console.print(f"{evidence.title_in(spoken)}: {escape(said)}", soft_wrap=True)
        elif evidence.rows.num_rows:
            Console(width=max(console.width, WIDTH)).print(_table(evidence, rows, spoken))
    sources = found.sources()
    if sources:
        files = sorted({name for name, _ in sources})
        said = say("sources", rows=len(sources), files=len(files), names=", ".join(files[:5]))
        console.print(escape(said), soft_wrap=True)


def _table(evidence: Evidence, limit: int, spoken: str) -> Table:
    rows = evidence.rows if not limit else evidence.rows.slice(max(0, evidence.rows.num_rows - limit))
    left = evidence.rows.num_rows - rows.num_rows
    title = text("rows", spoken, title=evidence.title_in(spoken), n=evidence.rows.num_rows)
    title += text("not_shown", spoken, n=left) if left else ""
    wanted = _COLUMNS.get(evidence.name, tuple(rows.column_names))
    columns = [name for name in wanted if any(value is not None for value in rows[name].to_pylist())]
    table = Table(*columns, title=title, title_justify="left", box=None)
    for values in rows.select(columns).to_pylist():
        table.add_row(*(escape("" if value is None else shown(value).strip("'")) for value in values.values()))
    return table
