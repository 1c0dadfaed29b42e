"""Draft orders of a release on their way to the ERP: as proposed, with changed lines, handed over. For the command and the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from assets.publish.handoff.answers import file_name, landed_text
from assets.publish.handoff.shapes import SHAPES, Document, document
from assets.publish.handoff.store import Line, Order, OrderError, OrderStore
from assets.whole_files import write_whole

LINES_SQL = """select draft_line_id, item_id, order_units, unit_price, expected_arrival_date, supplier_id, warehouse_id
    from fct_order_draft_lines where draft_no = $draft order by cast(draft_line_id as int)"""
"""The lines of a draft as `proposed` takes them."""


def proposed(draft: str, rows: Sequence[Sequence[Any]], release_id: str, as_of: date) -> Order:
    """A draft as the plan made it; `rows` are those of LINES_SQL.

    Raises:
        OrderError: the release has no such draft.
    """
    if not rows:
        raise OrderError(f"{draft}: no such draft in the current release; see `stockturn orders list`")
    lines = tuple(
        Line(line, item, float(units), float(units), None if price is None else float(price), due)
        for line, item, units, price, due, _, _ in rows
    )
    return Order(draft, release_id, as_of, rows[0][5], rows[0][6], "proposed", lines)


def with_units(order: Order, wanted: Mapping[str, float]) -> Order:
    """The order with other units on some lines; 0 takes a line out.

    Raises:
        OrderError: no such line, or units below zero.
    """
    unknown = sorted(set(wanted) - {line.draft_line_id for line in order.lines})
    if unknown:
        raise OrderError(f"{order.draft_no} has no line {', '.join(unknown)}")
    if below := sorted(line for line, units in wanted.items() if not units >= 0):
        raise OrderError(f"{order.draft_no} line {', '.join(below)}: units are not negative")
    lines = tuple(
        replace(line, approved_units=float(wanted.get(line.draft_line_id, line.approved_units))) for line in order.lines
    )
    return replace(order, lines=lines)


def hand_over(store: OrderStore, order: Order, shape: str, out: Path, handoff: Path, as_of: date, user: str) -> Path:
    """Write an approved order in the shape that the ERP imports, and for the next run, which counts it as on order.

    Args:
        out: folder for the ERP's file. handoff: folder of the source with the mapping `handoff`.

    Returns:
        The ERP's file.

    Raises:
        OrderError: not approved, or an unknown shape.
    """
    if shape not in SHAPES:
        raise OrderError(f"--shape {shape}: there are {', '.join(SHAPES)}")
    if order.state != "approved":
        raise OrderError(f"{order.draft_no} is {order.state}, not approved")
    target = write_document(out, document(order, shape))
    number = store.exported(order.draft_no, user, f"{shape}: {target.name}")
    sent = store.get(order.draft_no)
    if sent is not None:
        write_document(handoff, Document(file_name(as_of, number), landed_text([sent], as_of)))
    return target


def write_document(folder: Path, content: Document) -> Path:
    """Write a document into a folder, which is made where it is missing; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_whole(folder / content.name, content.text.encode(content.encoding))
