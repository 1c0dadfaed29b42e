"""Files that no reader can use, refused whole, and files that only look different: in a world of their own, because of a source
whose every second file is refused nobody can learn what is usual."""

from __future__ import annotations

import io
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path

from catalogue import Entry, Kind
from files import Spoiler, read, renamed, text_of, without
from openpyxl import load_workbook


def refusal_kinds(spoiler: Spoiler) -> None:
    """Files that must be refused with a sentence."""
    inbox = spoiler.inbox

    spoiler.content(
        "header renamed",
        "a column under another name",
        ("refused_file",),
        "sales_orders",
        9,
        lambda rows: renamed(rows, "qty_ordered", "quantity"),
    )
    spoiler.content(
        "column missing",
        "a column that no longer comes",
        ("refused_file",),
        "shipments",
        6,
        lambda rows: without(rows, "sku"),
    )
    spoiler.content("header only", "a header and no rows", ("refused_file",), "sales_orders", 12, lambda rows: rows[:1])
    spoiler.content(
        "no header", "rows without their header", ("refused_file",), "sales_orders", 15, lambda rows: rows[1:]
    )
    spoiler.raw("empty file", "nothing in it", "shipments", 20, lambda path: b"")
    spoiler.raw(
        "error page",
        "the login page of the source",
        "sales_orders",
        24,
        lambda path: b"<html><body>Please log in</body></html>",
    )
    spoiler.raw("archive", "a zip under the name of a table", "shipments", 24, zipped)
    spoiler.raw(
        "broken bytes",
        "neither UTF-8 nor GB18030",
        "sales_orders",
        3,
        lambda path: path.read_bytes()[:60] + b"\xff\xff\x81\x20" * 9,
    )
    spoiler.raw(
        "zero bytes", "a disk that was full", "shipments", 3, lambda path: path.read_bytes()[:400] + bytes(4000)
    )
    spoiler.raw(
        "another dataset",
        "orders under the name of shipments",
        "shipments",
        12,
        lambda path: path.with_name(path.name.replace("shipments", "sales_orders")).read_bytes(),
    )

    def lost_sheet() -> Path:
        path = inbox.take("stock_counts", 5)
        book = load_workbook(path)
        book.active.title = "Sheet1"
        book.save(path)
        return path

    spoiler.add("sheet renamed", "a workbook without its sheet", ("refused_file",), True, lost_sheet)


def harmless_kinds(spoiler: Spoiler) -> None:
    """What looks different and is the same: nothing may be refused, lost or alarmed."""
    inbox = spoiler.inbox

    spoiler.same("UTF-16", "saved as Unicode text", "wms_stock", 16, lambda path: text_of(read(path)).encode("utf-16"))
    spoiler.same(
        "byte order mark", "UTF-8 with a mark", "shipments", 26, lambda path: b"\xef\xbb\xbf" + path.read_bytes()
    )
    spoiler.same(
        "line ends", "LF in place of CRLF", "shipments", 4, lambda path: path.read_bytes().replace(b"\r\n", b"\n")
    )
    spoiler.same(
        "other encoding",
        "GB18030 in place of UTF-8",
        "stock_on_hand",
        16,
        lambda path: text_of(read(path)).encode("gb18030"),
    )
    spoiler.same("columns in another order", "the last column first", "sales_orders", 26,
         lambda path: text_of([[row[-1], *row[:-1]] for row in read(path)]).encode())  # fmt: skip
    spoiler.same("one more column", "a column that nobody asked for", "stock_on_hand", 18,
         lambda path: text_of([[*row, "备注" if n == 0 else ""] for n, row in enumerate(read(path))]).encode())  # fmt: skip
    spoiler.same(
        "empty lines", "empty lines at the end", "sales_orders", 5, lambda path: path.read_bytes() + b"\r\n\r\n"
    )

    def tomorrow(folder: Path) -> list[Entry]:
        path = next(iter(folder.rglob(f"wms_stock_{inbox.end:%Y%m%d}.csv")), None) or next(
            folder.rglob("wms_stock_*.csv")
        )
        future = path.with_name(f"wms_stock_{inbox.end + timedelta(days=1):%Y%m%d}.csv")
        shutil.copyfile(path, future)
        return [Entry("tomorrow's file", (), file=future.name)]

    spoiler.catalogue.add(
        Kind(
            "tomorrow's file", "an extract dated after the run's day is left for its own day", False, in_files=tomorrow
        )
    )


def zipped(path: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(path.name, path.read_bytes())
    return buffer.getvalue()
