"""Faults of the files themselves, injected on disk: missing, cut off, repeated, with other figures. The files can still be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from files import (
    Spoiler,
    american_dates,
    day_earlier,
    day_of,
    decimal_comma,
    emptied,
    half,
    mapped,
    one_warehouse,
    read,
    text_of,
    with_total,
    without_zeros,
    write,
)
from openpyxl import load_workbook


def file_kinds(spoiler: Spoiler) -> None:
    """All kinds of this module."""
    inbox = spoiler.inbox

    def gone(name: str, what: str, dataset: str, back: int) -> None:
        def inject() -> Path:
            path = inbox.take(dataset, back)
            path.unlink()
            return path

        spoiler.add(name, what, ("missing_file",), True, inject)

    def stopped(name: str, what: str, dataset: str, days: int) -> None:
        """Found on the first working day without the list; a month later it is stale as well."""

        def inject() -> Path:
            gone = [inbox.end - timedelta(days=n) for n in range(days)]
            for day in gone:
                for path in inbox.folder.rglob(f"{dataset}_{day:%Y%m%d}.*"):
                    path.unlink()
            return Path(f"{dataset}_{min(day for day in gone if day.weekday() < 5):%Y%m%d}.csv")

        spoiler.add(name, what, ("missing_file", "stale_snapshot"), True, inject)

    gone("missing shipments file", "the sales system's shipments of a day never came", "shipments", 22)
    gone("missing orders file", "the orders of a day never came", "sales_orders", 21)
    gone("missing on-hand list", "the ERP's list of a day never came", "stock_on_hand", 20)
    stopped("WMS list stopped", "no WMS list for the last five days", "wms_stock", 5)
    stopped("on-hand list stopped", "no on-hand list for the last four days", "stock_on_hand", 4)

    spoiler.content(
        "truncated movements",
        "the transfer broke off in the middle",
        ("short_file", "quarantined_row"),
        "stock_movements",
        12,
        half,
    )
    spoiler.content("truncated shipments", "half of the shipments of a day", ("short_file",), "shipments", 14, half)
    spoiler.content("truncated on-hand list", "half of the ERP's list", ("short_file",), "stock_on_hand", 12, half)
    spoiler.content(
        "partial WMS list", "the WMS's list of one warehouse only", ("short_file",), "wms_stock", 10, one_warehouse
    )
    spoiler.content(
        "rows twice",
        "every row of a file twice",
        ("duplicate_row",),
        "shipments",
        8,
        lambda rows: [*rows, *rows[1:]],
        False,
    )
    spoiler.content(
        "total row", "a total below the rows", ("quarantined_row", "refused_file"), "shipments", 16, with_total, False
    )
    spoiler.content(
        "decimal comma",
        "1.234,00 in place of 1,234.00",
        ("quarantined_row", "refused_file"),
        "stock_on_hand",
        24,
        decimal_comma,
    )
    spoiler.content(
        "other date format",
        "month first in place of ISO",
        ("quarantined_row",),
        "shipments",
        18,
        american_dates("shipment_date"),
    )
    spoiler.content(
        "leading zeros lost",
        "a spreadsheet turned codes into figures",
        ("quarantined_row",),
        "purchase_receipts",
        3,
        without_zeros,
    )
    spoiler.content(
        "time zone",
        "an export in UTC: every document on the day before",
        ("date_shift",),
        "stock_movements",
        17,
        day_earlier,
    )
    spoiler.content(
        "quantities empty",
        "a column that stays empty",
        ("quarantined_row",),
        "sales_orders",
        6,
        lambda rows: emptied(rows, "qty_ordered"),
    )
    spoiler.content(
        "negative quantities",
        "orders with the sign of returns",
        ("quarantined_row", "sign_flip"),
        "sales_orders",
        18,
        lambda rows: mapped(rows, "qty_ordered", lambda text: f"-{text}"),
    )
    spoiler.content(
        "figures in words",
        "names of units behind the figures",
        ("quarantined_row",),
        "shipments",
        10,
        lambda rows: mapped(rows, "qty", lambda text: f"{text} pcs"),
    )

    def frozen(dataset: str, back: int, header: str) -> Callable[[], Path]:
        def inject() -> Path:
            path = inbox.take(dataset, back)
            rows = read(inbox.before(path))
            write(path, mapped(rows, header, lambda _: day_of(path).isoformat()))
            return path

        return inject

    spoiler.add(
        "frozen WMS list",
        "yesterday's list with today's date",
        ("stale_snapshot",),
        True,
        frozen("wms_stock", 13, "snapshot_date"),
    )
    spoiler.add(
        "frozen on-hand list",
        "yesterday's list with today's date",
        ("stale_snapshot",),
        True,
        frozen("stock_on_hand", 8, "截止日期"),
    )

    def resend() -> Path:
        path = inbox.take("stock_movements", 9)
        rows = read(path)
        at = rows[0].index("数量")
        for row in rows[1:4]:
            row[at] = str(int(float(row[at])) + 1)
        again = path.with_name(f"{path.stem}_resend.csv")
        write(again, rows[:4])
        again.write_bytes(text_of(rows[:4]).encode("utf-8-sig"))
        return again

    spoiler.add("corrected resend", "rows of a day again, with other quantities", ("changed_document",), True, resend)

    def mojibake() -> Path:
        path = sorted(inbox.folder.rglob("item_master_*.csv"))[-1]
        rows = read(path)
        at = rows[0].index("存货名称")
        for row in rows[1:15]:
            row[at] = "?" * len(row[at])
        write(path, rows)
        return path

    spoiler.add("names lost", "names that an encoding turned into question marks", ("reused_code",), False, mojibake)

    def costs_in_cents() -> Path:
        [path] = inbox.folder.rglob("item_costs_*.xlsx")
        book = load_workbook(path)
        rows = list(book.active.iter_rows(min_row=2))
        newest = max(row[1].value for row in rows)
        for row in rows:
            if row[1].value == newest:
                row[3].value *= 100
        book.save(path)
        return path

    spoiler.add(
        "cost list in cents", "the newest costs of every item a hundredfold", ("cost_jump",), True, costs_in_cents
    )
