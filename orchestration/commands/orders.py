"""`stockturn orders`: draft orders decided by people, handed over to an ERP, and what came back."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.markup import escape
from rich.table import Table

from assets.publish.handoff.answers import file_name, landed_text, read_answers
from assets.publish.handoff.drafts import LINES_SQL, hand_over, proposed, with_units, write_document
from assets.publish.handoff.shapes import SHAPES, Document
from assets.publish.handoff.sheet import approval_sheet
from assets.publish.handoff.store import Order, OrderError, OrderStore
from assets.publish.releases import Release
from assets.publish.spreadsheets import plain_texts
from orchestration.commands.common import DEFAULT_CONFIG, ConfigOption, console, one_sentence, published, read_settings
from orchestration.settings import Settings

app = typer.Typer(help="Draft orders: approve, export to the ERP, read its acknowledgement, feeds for suppliers.")

DraftNo = Annotated[str, typer.Argument(help="For instance D20260630-0005-001.")]
UserOption = Annotated[str, typer.Option("--user", "-u", help="Who acts; your login name by default.")]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]
ACTING = getpass.getuser()


@contextmanager
def _store(settings: Settings) -> Iterator[OrderStore]:
    with one_sentence(OrderError):
        store = OrderStore.at(settings.workspace().order_store)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def _marts(release: Release) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(release.database), read_only=True) as connection:
        connection.execute("set search_path = 'marts'")
        yield connection


@app.command("list")
def list_orders(
    config: ConfigOption = DEFAULT_CONFIG,
    state: Annotated[str, typer.Option("--state", help="proposed, approved, rejected, exported or acknowledged.")] = "",
) -> None:
    """Draft orders of the current release, and those that were decided before, with their state."""
    settings = read_settings(config)
    release = published(settings)
    with _store(settings) as store, _marts(release) as marts:
        decided = {order.draft_no: order for order in store.orders()}
        drafts = marts.execute(
            "select draft_no, supplier_id, warehouse_id, lines_no, order_value, order_status from fct_order_drafts order by draft_no"
        ).fetchall()
    table = Table("draft", "supplier", "warehouse", "lines", "value", "state", "note")
    for draft, supplier, warehouse, lines, value, note in drafts:
        now = decided.pop(draft).state if draft in decided else "proposed"
        if state in ("", now):
            table.add_row(
                draft,
                escape(supplier),
                escape(warehouse),
                str(lines),
                "" if value is None else f"{value:,.2f}",
                now,
                note,
            )
    for order in decided.values():
        if state in ("", order.state):
            value = sum(line.approved_units * (line.unit_price or 0) for line in order.lines)
            table.add_row(order.draft_no, escape(order.supplier_id), escape(order.warehouse_id), str(len(order.lines)), f"{value:,.2f}",
                          order.state, f"of {order.as_of_date}")  # fmt: skip
    console.print(table)


@app.command()
def show(draft: DraftNo, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """The approval sheet of a draft: lines with price, cover, cost, reason and alternatives, cash by month, history."""
    settings = read_settings(config)
    release = published(settings)
    with _store(settings) as store, _marts(release) as marts:
        order = store.get(draft) or _proposed(marts, draft, release)
        console.print(approval_sheet(marts, order, store.history(draft)), soft_wrap=True, markup=False)


@app.command()
def approve(
    drafts: Annotated[list[str], typer.Argument(help="Draft numbers.")],
    config: ConfigOption = DEFAULT_CONFIG,
    change: Annotated[list[str] | None, typer.Option("--line", help="LINE=UNITS; 0 takes the line out.")] = None,
    user: UserOption = ACTING,
    comment: Annotated[str, typer.Option("--comment", help="Kept in the history.")] = "",
) -> None:
    """Approve drafts as they are, or with changed lines; what is approved is kept as it is now."""
    settings = read_settings(config)
    release = published(settings)
    with _store(settings) as store, _marts(release) as marts:
        if change and len(drafts) > 1:
            raise OrderError("--line goes with one draft")
        orders = [_changed(store.get(draft) or _proposed(marts, draft, release), change or []) for draft in drafts]
        for order in orders:
            store.decide(order, "approved", user, comment)
            console.print(f"{order.draft_no} is now approved")


@app.command()
def reject(
    draft: DraftNo,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the history.")],
    config: ConfigOption = DEFAULT_CONFIG,
    user: UserOption = ACTING,
) -> None:
    """Reject a draft; the next run proposes what is then still wanted."""
    settings = read_settings(config)
    release = published(settings)
    with _store(settings) as store, _marts(release) as marts:
        store.decide(store.get(draft) or _proposed(marts, draft, release), "rejected", user, reason)
        console.print(f"{draft} is now rejected")


@app.command()
def export(
    config: ConfigOption = DEFAULT_CONFIG,
    shape: Annotated[str, typer.Option("--shape", "-s", help=", ".join(SHAPES))] = "csv",
    out: OutOption = Path("orders"),
    user: UserOption = ACTING,
) -> None:
    """Write every approved draft in the shape that the ERP imports; from the next run on it counts as on order."""
    settings = read_settings(config)
    release = published(settings)
    with _store(settings) as store:
        if shape not in SHAPES:
            raise OrderError(f"--shape {shape}: there are {', '.join(SHAPES)}")
        folder = settings.handoff_folder()
        ready = [order for order in store.orders() if order.state == "approved"]
        if not ready:
            raise OrderError("no draft is approved; see `stockturn orders list`")
        for order in ready:
            target = hand_over(store, order, shape, out, folder, release.as_of, user)
            console.print(f"{order.draft_no} written to {target}")


@app.command()
def acknowledge(
    file: Annotated[
        Path, typer.Argument(help="CSV with draft_no, draft_line_id, po_no, units, due_date, ack_status.", exists=True)
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    user: UserOption = ACTING,
) -> None:
    """Read back what the ERP made of exported drafts, so that nothing is proposed twice and rejected lines come again."""
    settings = read_settings(config)
    release = published(settings)
    with _store(settings) as store:
        folder = settings.handoff_folder()
        answers = read_answers(file)
        number = store.acknowledge(answers, user, file.name)
        touched = store.orders(sorted({answer.draft_no for answer in answers}))
        write_document(folder, Document(file_name(release.as_of, number), landed_text(touched, release.as_of)))
        for order in touched:
            waiting = sum(line.ack_status == "sent" for line in order.lines)
            console.print(
                f"{order.draft_no} is now {order.state}" + (f", {waiting} lines wait for an answer" if waiting else "")
            )


@app.command()
def feed(config: ConfigOption = DEFAULT_CONFIG, out: OutOption = Path("feeds")) -> None:
    """Write a file for each VMI or JIT supplier: stock, limits and forecast, or call-offs by delivery."""
    release = published(read_settings(config))
    with one_sentence(OrderError), _marts(release) as marts:
        suppliers = [
            row[0] for row in marts.execute("select distinct supplier_id from fct_supplier_feed order by 1").fetchall()
        ]
        if not suppliers:
            raise OrderError(
                "no supplier has a feed; add `planning.policy.supplier_feeds` to the configuration and run again"
            )
        codes = [supplier.split("/", 1)[-1] for supplier in suppliers]
        for supplier, code in zip(suppliers, codes, strict=True):
            # suppliers of two companies may have one code: none of their files replaces the other
            named = supplier.replace("/", "-") if codes.count(code) > 1 else code
            frame = marts.execute(
                """select f.*, i.item_name, i.base_uom from fct_supplier_feed as f left join dim_items as i using (item_id)
                   where supplier_id = $supplier order by item_id, warehouse_id, feed_date""",
                {"supplier": supplier},
            ).df()
            name = f"feed_{named}_{release.as_of:%Y%m%d}.csv"
            target = write_document(
                out, Document(name, plain_texts(frame).to_csv(index=False, lineterminator="\r\n"), "utf-8-sig")
            )
            console.print(f"{len(frame)} lines for {supplier} written to {target}")


def _proposed(marts: duckdb.DuckDBPyConnection, draft: str, release: Release) -> Order:
    rows = marts.execute(LINES_SQL, {"draft": draft}).fetchall()
    return proposed(draft, rows, release.release_id, release.as_of)


def _changed(order: Order, changes: list[str]) -> Order:
    wanted: dict[str, float] = {}
    for text in changes:
        line, equals, units = text.partition("=")
        try:
            wanted[line] = float(units)
        except ValueError as error:
            raise OrderError(f"--line {text}: write it as LINE=UNITS, for instance 3=48") from error
        if not equals or wanted[line] < 0:
            raise OrderError(f"--line {text}: write it as LINE=UNITS, units not negative")
    return with_units(order, wanted)
