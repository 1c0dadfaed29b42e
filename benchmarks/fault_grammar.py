"""Faults drawn from a grammar: an operation, a dataset, a column, a place and an extent, all by chance.

No fault is written for a rule. Each operation says only what a person would call the cause (`accepts`: rule ids that name it
rightly); where, in which file, on which column, on how many rows and by how much is drawn. The files are those of the demo
company; the grammar changes them on disk and does not depend on the product.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from benchmarks.fault_tables import DAY, MONEY, PLACE, QUANTITY, Draw, Fault, Table, fault_in

Operation = Callable[[Draw], Fault]


def list_of_another_day(draw: Draw) -> Fault:
    """The list of an earlier day under today's date."""
    table = draw.table(draw.one_of("stock_on_hand", "wms_stock"))
    back = int(draw.rng.integers(1, 11))
    day_column = table.header[0]
    today = table.rows[0][0]
    day = date.fromisoformat(today)
    earlier = next(
        path for n in range(back, back + 9)
        for path in table.path.parent.glob(f"{table.dataset}_{day - timedelta(days=n):%Y%m%d}.csv")
    )  # fmt: skip
    before = Table.read(earlier)
    old = before.rows[0][0]
    table.rows = [[cell.replace(old, today) if at < 2 else cell for at, cell in enumerate(row)] for row in before.rows]
    table.write()
    return fault_in(table, "list of another day", f"{day_column} {old}", ("stale_snapshot",), table.rows)


def places_swapped(draw: Draw) -> Fault:
    """Two warehouse codes exchanged in a list."""
    table = draw.table(draw.one_of("stock_on_hand", "wms_stock"))
    at = table.at(PLACE[table.dataset])
    places = sorted({row[at] for row in table.rows})
    left, right = draw.rng.choice(places, 2, replace=False)
    swap = {left: right, right: left}
    for row in table.rows:
        row[at] = str(swap.get(row[at], row[at]))
    table.write()
    touched = [row for row in table.rows if row[at] in swap]
    return fault_in(table, "places swapped", f"{left} and {right}", ("places_swapped",), touched)


def place_left_out(draw: Draw) -> Fault:
    """A warehouse missing from a list."""
    table = draw.table(draw.one_of("stock_on_hand", "wms_stock"))
    at = table.at(PLACE[table.dataset])
    place = draw.one_of(*sorted({row[at] for row in table.rows}))
    gone = [row for row in table.rows if row[at] == place]
    table.rows = [row for row in table.rows if row[at] != place]
    table.write()
    return fault_in(table, "place left out", place, ("missing_place", "short_file"), gone)


def cut_off(draw: Draw) -> Fault:
    """A file that ends at some row."""
    table = draw.table(draw.one_of("stock_on_hand", "wms_stock", "stock_movements", "shipments", "sales_orders"), 10)
    keep = int(len(table.rows) * draw.rng.uniform(0.4, 0.8))
    gone, table.rows = table.rows[keep:], table.rows[:keep]
    table.write()
    accepts = ("short_file", "missing_place", "missing_movement_day")
    return fault_in(table, "cut off", f"{keep} of {keep + len(gone)} rows", accepts, gone)


def other_scale(draw: Draw) -> Fault:
    """A column of a file in another scale."""
    dataset = draw.one_of(
        "shipments", "sales_orders", "purchase_orders", "stock_on_hand", "wms_stock", "purchase_receipts"
    )
    table = draw.table(dataset)
    column = MONEY[dataset] if dataset in MONEY and draw.rng.random() < 0.7 else QUANTITY[dataset]
    factor = float(draw.rng.choice([1e-4, 1e-3, 0.01, 0.1, 10, 100, 1000]))
    for row in table.rows:
        row[table.at(column)] = f"{table.number(row, column) * factor:.6f}".rstrip("0").rstrip(".")
    table.write()
    accepts = ("wrong_scale", "cost_jump") if column in MONEY.values() else ("wrong_scale", "quantity_outlier")
    return fault_in(table, "other scale", f"{column} x {factor:g}", accepts, table.rows)


def columns_swapped(draw: Draw) -> Fault:
    """Quantity and price exchanged in a file."""
    table = draw.table(draw.one_of("sales_orders", "purchase_orders", "purchase_receipts"))
    left, right = table.at(QUANTITY[table.dataset]), table.at(MONEY[table.dataset])
    for row in table.rows:
        row[left], row[right] = row[right], row[left]
    table.write()
    return fault_in(table, "columns swapped", "quantity and price", ("columns_swapped",), table.rows)


def sign_changed(draw: Draw) -> Fault:
    """Some or all rows of a file with the other sign."""
    table = draw.table(draw.one_of("shipments", "sales_orders", "stock_on_hand", "wms_stock"))
    chosen = draw.some(table, 3, len(table.rows))
    column = table.at(QUANTITY[table.dataset])
    for place in chosen:
        table.rows[place][column] = "-" + table.rows[place][column]
    table.write()
    accepts = ("sign_flip", "wrong_scale", "quarantined_row")
    return fault_in(table, "sign changed", f"{len(chosen)} rows", accepts, [table.rows[n] for n in chosen])


def day_and_month(draw: Draw) -> Fault:
    """Day and month exchanged in a column of dates, where that is a date."""
    table = draw.table(draw.one_of("wms_stock", "purchase_orders"))
    column, changed = table.at(DAY[table.dataset]), []
    for row in table.rows:
        text = row[column].replace("/", "-")
        if text and int(text[8:10]) <= 12 and text[5:7] != text[8:10]:
            row[column] = f"{text[:4]}-{text[8:10]}-{text[5:7]}".replace("-", "/" if "/" in row[column] else "-")
            changed.append(row)
    if len(changed) < 3:
        raise LookupError("too few dates can be exchanged")
    table.write()
    return fault_in(table, "day and month", f"{len(changed)} rows", ("date_order",), changed)


def dated_tomorrow(draw: Draw) -> Fault:
    """Documents dated days after their extract."""
    table = draw.table(draw.one_of("sales_orders", "shipments"))
    chosen, days = draw.some(table, 2, 12), int(draw.rng.integers(1, 30))
    column = table.at(DAY[table.dataset])
    for place in chosen:
        row = table.rows[place]
        row[column] = (draw.end + timedelta(days=days)).isoformat()
    table.write()
    return fault_in(
        table, "dated tomorrow", f"{len(chosen)} rows", ("future_document",), [table.rows[n] for n in chosen]
    )


def shifted_after_an_hour(draw: Draw) -> Fault:
    """Documents entered after some hour are dated the next day."""
    table = draw.table("stock_movements", 12)
    hour = int(draw.rng.integers(9, 16))
    entered, day = table.at("制单时间"), table.at("单据日期")
    late = [row for row in table.rows if row[entered][11:13] and int(row[entered][11:13]) >= hour]
    if len(late) < 5:
        raise LookupError("too few documents after that hour")
    for row in late:
        row[day] = (date.fromisoformat(row[day]) + timedelta(days=1)).isoformat()
    table.write()
    return fault_in(table, "shifted after an hour", f"{len(late)} rows", ("date_shift", "future_document"), late)


def typed_wrong(draw: Draw) -> Fault:
    """One figure of one row typed wrongly."""
    table = draw.table(draw.one_of("stock_movements", "stock_on_hand", "wms_stock"))
    column = QUANTITY[table.dataset]
    rows = [row for row in table.rows if table.number(row, column) >= 2]
    row = rows[int(draw.rng.integers(len(rows)))]
    before = table.number(row, column)
    after = float(draw.rng.choice([before * 2, before * 3, before + 7, before * 10, max(1.0, before // 2)]))
    row[table.at(column)] = f"{after:g}"
    table.write()
    accepts = {
        "stock_movements": ("quantity_mismatch", "ledger_book_mismatch"),
        "stock_on_hand": ("ledger_book_mismatch",),
        "wms_stock": ("shrink", "surplus"),
    }[table.dataset]
    return fault_in(table, "typed wrong", f"{before:g} as {after:g}", accepts, [row])


def odd_value(draw: Draw) -> Fault:
    """One price of one row, or one date, that no other row of its item has; more stock to sell than there is."""
    dataset = draw.one_of("sales_orders", "wms_stock")
    table = draw.table(dataset)
    known = [row for row in table.rows if row[table.at(MONEY.get(dataset, QUANTITY[dataset]))] not in ("", "0")]
    if dataset == "sales_orders":  # an open line comes again with the next file, with its right price
        known = [row for row in known if row[table.at("closed")] == "Y"]
    if not known:
        raise LookupError("no line that stays as it is")
    row = known[int(draw.rng.integers(len(known)))]
    if dataset == "sales_orders":
        factor = float(draw.rng.choice([0.01, 1 / 30, 12, 30, 100]))
        what, row[table.at("unit_price")] = f"price x {factor:g}", f"{table.number(row, 'unit_price') * factor:g}"
    elif (expiry := row[table.at(DAY[dataset])]) and draw.rng.random() < 0.5:
        years = int(draw.rng.integers(3, 11))
        what, row[table.at(DAY[dataset])] = f"expires {years} years later", f"{int(expiry[:4]) + years}{expiry[4:]}"
    else:
        more = int(draw.rng.integers(5, 100))
        what = f"{more} more available than there are"
        row[table.at("qty_available")] = f"{table.number(row, 'qty_physical') + more:g}"
    table.write()
    return fault_in(table, "odd value", what, ("implausible_value",), [row])


def document_lost(draw: Draw) -> Fault:
    """One document missing from the ledger's file."""
    table = draw.table("stock_movements")
    kind, number = table.at("单据类型"), table.at("单据编号")
    documents = [row for row in table.rows if row[kind] in ("采购入库单", "销售出库单")]
    if not documents:
        raise LookupError("no document to lose")
    row = documents[int(draw.rng.integers(len(documents)))]
    gone = [other for other in table.rows if other[number] == row[number]]
    table.rows = [other for other in table.rows if other[number] != row[number]]
    table.write()
    accepts = ("unposted_receipt", "unposted_shipment", "ledger_book_mismatch")
    return fault_in(table, "document lost", row[number], accepts, gone)


def document_doubled(draw: Draw) -> Fault:
    """One document again under another number."""
    table = draw.table("stock_movements")
    kind, number, key = table.at("单据类型"), table.at("单据编号"), table.at("单据内码")
    documents = [row for row in table.rows if row[kind] in ("采购入库单", "销售出库单")]
    if not documents:
        raise LookupError("no document to double")
    row = documents[int(draw.rng.integers(len(documents)))]
    copies = [[*other] for other in table.rows if other[number] == row[number]]
    for copy in copies:
        copy[number], copy[key] = copy[number] + "9", copy[key] + "9"
    table.rows += copies
    table.write()
    return fault_in(table, "document doubled", row[number], ("duplicate_posting",), copies)


def file_with_new_numbers(draw: Draw) -> Fault:
    """The ledger's file again with new internal numbers."""
    table = draw.table("stock_movements", 10)
    key = table.at("单据内码")
    copy = Table(
        table.path.with_name(table.path.stem + "_r.csv"), table.dataset, table.header, [[*row] for row in table.rows]
    )
    copy.path = table.path.with_name(f"stock_movements_{_day_after(table.path):%Y%m%d}.csv")
    following = Table.read(copy.path) if copy.path.is_file() else copy
    again = [[*row] for row in table.rows]
    for row in again:
        row[key] = "7" + row[key]
    following.rows = [*following.rows, *again] if copy.path.is_file() else again
    following.write()
    draw.taken.add(copy.path.name)
    return fault_in(
        following, "file with new numbers", f"{len(again)} rows", ("reissued_file", "duplicate_posting"), again
    )


def wrong_place_or_item(draw: Draw) -> Fault:
    """One line of the ledger on another warehouse or item."""
    table = draw.table("stock_movements")
    column = draw.one_of("仓库编码", "存货编码")
    rows = [row for row in table.rows if row[table.at("单据类型")] in ("采购入库单", "销售出库单")]
    if not rows:
        raise LookupError("no document to move")
    row = rows[int(draw.rng.integers(len(rows)))]
    before, others = [*row], sorted({other[table.at(column)] for other in table.rows} - {row[table.at(column)]})
    if not others:
        raise LookupError("no other code")
    row[table.at(column)] = draw.one_of(*others)
    table.write()
    accepts = ("wrong_warehouse",) if column == "仓库编码" else ("wrong_item",)
    return fault_in(table, "wrong place or item", f"{column} {before[table.at(column)]}", accepts, [before, row])


def content_changed(draw: Draw) -> Fault:
    """A file of shipments again, some rows with other quantities."""
    table = draw.table("shipments")
    again = Table(table.path.with_name(f"shipments_{_day_after(table.path):%Y%m%d}.csv"), "shipments", table.header, [])
    following = Table.read(again.path) if again.path.is_file() else again
    copies = [[*row] for row in table.rows]
    chosen = draw.some(table, 2, 5)
    for place in chosen:
        copies[place][table.at("qty")] = f"{table.number(copies[place], 'qty') + 3:g}"
    following.rows += copies
    following.write()
    draw.taken.add(again.path.name)
    return fault_in(
        following, "content changed", f"{len(chosen)} rows", ("changed_document",), [copies[n] for n in chosen]
    )


def master_parameter(draw: Draw) -> Fault:
    """A parameter of some items in the newest master."""
    table = _newest_master(draw)
    column, value = {
        "包装倍数": ("包装倍数", lambda old: old * 2 + 1), "采购提前期": ("采购提前期", lambda old: 0),
        "安全库存": ("安全库存", lambda old: 99999),
    }[draw.one_of("包装倍数", "采购提前期", "安全库存")]  # fmt: skip
    rows = [row for row in table.rows if row[table.at(column)] not in ("", "0")]
    chosen = [rows[n] for n in draw.rng.choice(len(rows), min(len(rows), int(draw.rng.integers(1, 6))), replace=False)]
    for row in chosen:
        row[table.at(column)] = f"{value(float(row[table.at(column)])):g}"
    table.write()
    return fault_in(table, "master parameter", f"{column} of {len(chosen)} items", ("master_change",), chosen)


def master_rows_lost(draw: Draw) -> Fault:
    """Items missing from the newest master."""
    table = _newest_master(draw)
    chosen = set(draw.some(table, 2, 9))
    gone = [row for place, row in enumerate(table.rows) if place in chosen]
    table.rows = [row for place, row in enumerate(table.rows) if place not in chosen]
    table.write()
    return fault_in(table, "master rows lost", f"{len(gone)} items", ("missing_master_row",), gone)


def file_lost(draw: Draw) -> Fault:
    """A file that never came."""
    table = draw.table(draw.one_of("stock_on_hand", "wms_stock", "stock_movements", "shipments", "sales_orders"))
    table.path.unlink()
    return fault_in(table, "file lost", "gone", ("missing_file", "missing_movement_day"), table.rows)


def _newest_master(draw: Draw) -> Table:
    path = max(draw.inbox.rglob("item_master_*.csv"))
    if path.name in draw.taken:
        raise LookupError("the master is taken")
    draw.taken.add(path.name)
    return Table.read(path)


def _day_after(path: Path) -> date:
    day = date(int(path.stem[-8:-4]), int(path.stem[-4:-2]), int(path.stem[-2:]))
    return day + timedelta(days=1)


OPERATIONS: tuple[Operation, ...] = (
    list_of_another_day, places_swapped, place_left_out, cut_off, other_scale, columns_swapped, sign_changed,
    day_and_month, dated_tomorrow, shifted_after_an_hour, typed_wrong, document_lost, document_doubled,
    file_with_new_numbers, wrong_place_or_item, content_changed, master_parameter, master_rows_lost, file_lost, odd_value,
)  # fmt: skip


def draw_faults(inbox: Path, end: date, seed: int, faults: int) -> list[Fault]:
    """Change `faults` files of the inbox, each in its own way, and say what was done. The same seed changes the same."""
    draw = Draw(np.random.default_rng(seed), inbox, end)
    done: list[Fault] = []
    for _ in range(20 * faults):
        if len(done) == faults:
            break
        operation = OPERATIONS[int(draw.rng.integers(len(OPERATIONS)))]
        try:
            done.append(operation(draw))
        except (LookupError, StopIteration):
            continue  # this world has no place for it: another is drawn
    return done
