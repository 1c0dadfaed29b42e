"""Faults of the files themselves, injected on disk: each takes files of its own, so that one world holds them all."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from catalogue import Catalogue, Entry, Kind
from openpyxl import load_workbook

ENCODINGS = {
    "purchase_orders": "gb18030",
    "item_master": "gb18030",
    "stock_movements": "utf-8-sig",
    "stock_transfers": "utf-8-sig",
}
Rows = list[list[str]]
Spoil = Callable[[Rows], Rows]


class Inbox:
    """The delivered files of one world; hands out each file once, newest working days last."""

    def __init__(self, folder: Path, end: date) -> None:
        self.folder, self.end = folder, end
        self.taken: set[str] = set()

    def take(self, dataset: str, back: int) -> Path:
        """The file of a dataset `back` days before the end, or of the first day before that with rows enough."""
        for days in range(back, back + 12):
            day = self.end - timedelta(days=days)
            [*found] = self.folder.rglob(f"{dataset}_{day:%Y%m%d}.*")
            busy = found and (found[0].suffix != ".csv" or len(read(found[0])) > 12)
            if busy and day.weekday() < 5 and found[0].name not in self.taken:
                self.taken.add(found[0].name)
                return found[0]
        raise AssertionError(f"no file of {dataset} left around {back} days before the end")

    def before(self, path: Path) -> Path:
        """The file of the same dataset on the day before."""
        day = day_of(path) - timedelta(days=1)
        return path.with_name(path.name.replace(f"{day_of(path):%Y%m%d}", f"{day:%Y%m%d}"))


def day_of(path: Path) -> date:
    return datetime.strptime(path.stem.rsplit("_", 1)[-1], "%Y%m%d").date()


def read(path: Path) -> Rows:
    encoding = ENCODINGS.get(path.name.rsplit("_", 1)[0], "utf-8")
    return list(csv.reader(io.StringIO(path.read_bytes().decode(encoding))))


def text_of(rows: Rows, delimiter: str = ",") -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n", delimiter=delimiter).writerows(rows)
    return buffer.getvalue()


def write(path: Path, rows: Rows) -> None:
    path.write_bytes(text_of(rows).encode(ENCODINGS.get(path.name.rsplit("_", 1)[0], "utf-8")))


def file_kinds(catalogue: Catalogue, inbox: Inbox) -> None:
    """All kinds of this module."""

    def add(name: str, what: str, rules: tuple[str, ...], moves: bool, inject: Callable[[], Path]) -> None:
        def inject_here(_: Path) -> list[Entry]:
            path = inject()
            return [Entry(name, rules, day=day_of(path).isoformat() if path.stem[-1].isdigit() else "", file=path.name)]

        catalogue.add(Kind(name, what, moves, in_files=inject_here, rules=rules))

    def content(
        name: str, what: str, rules: tuple[str, ...], dataset: str, back: int, spoil: Spoil, moves: bool = True
    ) -> None:
        def inject() -> Path:
            path = inbox.take(dataset, back)
            write(path, spoil(read(path)))
            return path

        add(name, what, rules, moves, inject)

    def raw(name: str, what: str, dataset: str, back: int, make: Callable[[Path], bytes], rules: tuple[str, ...] = ("refused_file",),
            moves: bool = True) -> None:  # fmt: skip
        def inject() -> Path:
            path = inbox.take(dataset, back)
            path.write_bytes(make(path))
            return path

        add(name, what, rules, moves, inject)

    def gone(name: str, what: str, dataset: str, back: int) -> None:
        def inject() -> Path:
            path = inbox.take(dataset, back)
            path.unlink()
            return path

        add(name, what, ("missing_file",), True, inject)

    def stopped(name: str, what: str, dataset: str, days: int) -> None:
        def inject() -> Path:
            last = inbox.end - timedelta(days=days)
            for n in range(days):
                for path in inbox.folder.rglob(f"{dataset}_{inbox.end - timedelta(days=n):%Y%m%d}.*"):
                    path.unlink()
            return Path(f"{dataset}_{last:%Y%m%d}.csv")

        add(name, what, ("stale_snapshot",), True, inject)

    gone("missing shipments file", "the sales system's shipments of a day never came", "shipments", 22)
    gone("missing orders file", "the orders of a day never came", "sales_orders", 21)
    gone("missing on-hand list", "the ERP's list of a day never came", "stock_on_hand", 20)
    stopped("WMS list stopped", "no WMS list for the last five days", "wms_stock", 5)
    stopped("on-hand list stopped", "no on-hand list for the last four days", "stock_on_hand", 4)

    content(
        "truncated movements",
        "the transfer broke off in the middle",
        ("short_file", "quarantined_row"),
        "stock_movements",
        12,
        half,
    )
    content("truncated shipments", "half of the shipments of a day", ("short_file",), "shipments", 14, half)
    content("truncated on-hand list", "half of the ERP's list", ("short_file",), "stock_on_hand", 12, half)
    content("partial WMS list", "the WMS's list of one warehouse only", ("short_file",), "wms_stock", 10, one_warehouse)
    content(
        "rows twice",
        "every row of a file twice",
        ("duplicate_row",),
        "shipments",
        8,
        lambda rows: [*rows, *rows[1:]],
        False,
    )
    content(
        "total row", "a total below the rows", ("quarantined_row", "refused_file"), "shipments", 16, with_total, False
    )
    content(
        "decimal comma",
        "1.234,00 in place of 1,234.00",
        ("quarantined_row", "refused_file"),
        "stock_on_hand",
        24,
        decimal_comma,
    )
    content(
        "other date format",
        "month first in place of ISO",
        ("quarantined_row",),
        "shipments",
        18,
        american_dates("shipment_date"),
    )
    content(
        "leading zeros lost",
        "a spreadsheet turned codes into figures",
        ("quarantined_row",),
        "purchase_receipts",
        3,
        without_zeros,
    )
    content(
        "time zone",
        "an export in UTC: every document on the day before",
        ("date_shift",),
        "stock_movements",
        17,
        day_earlier,
    )
    content(
        "header renamed",
        "a column under another name",
        ("refused_file",),
        "sales_orders",
        9,
        lambda rows: renamed(rows, "qty_ordered", "quantity"),
    )
    content(
        "column missing",
        "a column that no longer comes",
        ("refused_file",),
        "shipments",
        6,
        lambda rows: without(rows, "sku"),
    )
    content("header only", "a header and no rows", ("refused_file",), "sales_orders", 12, lambda rows: rows[:1])
    content("no header", "rows without their header", ("refused_file",), "sales_orders", 15, lambda rows: rows[1:])
    content(
        "quantities empty",
        "a column that stays empty",
        ("quarantined_row",),
        "sales_orders",
        6,
        lambda rows: emptied(rows, "qty_ordered"),
    )
    content(
        "negative quantities",
        "orders with the sign of returns",
        ("quarantined_row", "sign_flip"),
        "sales_orders",
        18,
        lambda rows: mapped(rows, "qty_ordered", lambda text: f"-{text}"),
    )
    content(
        "figures in words",
        "names of units behind the figures",
        ("quarantined_row",),
        "shipments",
        10,
        lambda rows: mapped(rows, "qty", lambda text: f"{text} pcs"),
    )

    raw("empty file", "nothing in it", "shipments", 20, lambda path: b"")
    raw(
        "error page",
        "the login page of the source",
        "sales_orders",
        24,
        lambda path: b"<html><body>Please log in</body></html>",
    )
    raw("archive", "a zip under the name of a table", "shipments", 24, zipped)
    raw(
        "broken bytes",
        "neither UTF-8 nor GB18030",
        "sales_orders",
        3,
        lambda path: path.read_bytes()[:60] + b"\xff\xff\x81\x20" * 9,
    )
    raw("zero bytes", "a disk that was full", "shipments", 3, lambda path: path.read_bytes()[:400] + bytes(4000))
    raw(
        "another dataset",
        "orders under the name of shipments",
        "shipments",
        12,
        lambda path: path.with_name(path.name.replace("shipments", "sales_orders")).read_bytes(),
    )
    raw("UTF-16", "saved as Unicode text", "wms_stock", 16, lambda path: text_of(read(path)).encode("utf-16"))

    def frozen(dataset: str, back: int, header: str) -> Callable[[], Path]:
        def inject() -> Path:
            path = inbox.take(dataset, back)
            rows = read(inbox.before(path))
            write(path, mapped(rows, header, lambda _: day_of(path).isoformat()))
            return path

        return inject

    add(
        "frozen WMS list",
        "yesterday's list with today's date",
        ("stale_snapshot",),
        True,
        frozen("wms_stock", 13, "snapshot_date"),
    )
    add(
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

    add("corrected resend", "rows of a day again, with other quantities", ("changed_document",), True, resend)

    def mojibake() -> Path:
        path = sorted(inbox.folder.rglob("item_master_*.csv"))[-1]
        rows = read(path)
        at = rows[0].index("存货名称")
        for row in rows[1:15]:
            row[at] = "?" * len(row[at])
        write(path, rows)
        return path

    add("names lost", "names that an encoding turned into question marks", ("reused_code",), False, mojibake)

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

    add("cost list in cents", "the newest costs of every item a hundredfold", ("cost_jump",), True, costs_in_cents)

    def lost_sheet() -> Path:
        path = inbox.take("stock_counts", 5)
        book = load_workbook(path)
        book.active.title = "Sheet1"
        book.save(path)
        return path

    add("sheet renamed", "a workbook without its sheet", ("refused_file",), True, lost_sheet)


def harmless_kinds(catalogue: Catalogue, inbox: Inbox) -> None:
    """What looks different and is the same: nothing may be refused, lost or alarmed."""

    def same(name: str, what: str, dataset: str, back: int, make: Callable[[Path], bytes]) -> None:
        def inject(_: Path) -> list[Entry]:
            path = inbox.take(dataset, back)
            path.write_bytes(make(path))
            return [Entry(name, (), file=path.name)]

        catalogue.add(Kind(name, what, False, in_files=inject))

    same("byte order mark", "UTF-8 with a mark", "shipments", 26, lambda path: b"\xef\xbb\xbf" + path.read_bytes())
    same("line ends", "LF in place of CRLF", "shipments", 4, lambda path: path.read_bytes().replace(b"\r\n", b"\n"))
    same(
        "other encoding",
        "GB18030 in place of UTF-8",
        "stock_on_hand",
        16,
        lambda path: text_of(read(path)).encode("gb18030"),
    )
    same("columns in another order", "the last column first", "sales_orders", 26,
         lambda path: text_of([[row[-1], *row[:-1]] for row in read(path)]).encode())  # fmt: skip
    same("one more column", "a column that nobody asked for", "stock_on_hand", 18,
         lambda path: text_of([[*row, "备注" if n == 0 else ""] for n, row in enumerate(read(path))]).encode())  # fmt: skip
    same("empty lines", "empty lines at the end", "sales_orders", 5, lambda path: path.read_bytes() + b"\r\n\r\n")

    def tomorrow(folder: Path) -> list[Entry]:
        path = next(iter(folder.rglob(f"wms_stock_{inbox.end:%Y%m%d}.csv")), None) or next(
            folder.rglob("wms_stock_*.csv")
        )
        future = path.with_name(f"wms_stock_{inbox.end + timedelta(days=1):%Y%m%d}.csv")
        shutil.copyfile(path, future)
        return [Entry("tomorrow's file", (), file=future.name)]

    catalogue.add(
        Kind(
            "tomorrow's file", "an extract dated after the run's day is left for its own day", False, in_files=tomorrow
        )
    )


def half(rows: Rows) -> Rows:
    return [*rows[: len(rows) // 2], rows[len(rows) // 2][:4]]


def one_warehouse(rows: Rows) -> Rows:
    at = rows[0].index("wh")
    return [rows[0], *(row for row in rows[1:] if row[at] == rows[1][at])]


def with_total(rows: Rows) -> Rows:
    total = ["" for _ in rows[0]]
    total[0], total[rows[0].index("qty")] = "合计", "123"
    return [*rows, total]


def mapped(rows: Rows, header: str, change: Callable[[str], str]) -> Rows:
    at = rows[0].index(header)
    return [rows[0], *([*row[:at], change(row[at]), *row[at + 1 :]] for row in rows[1:])]


def renamed(rows: Rows, header: str, name: str) -> Rows:
    return [[name if cell == header else cell for cell in rows[0]], *rows[1:]]


def without(rows: Rows, header: str) -> Rows:
    at = rows[0].index(header)
    return [[*row[:at], *row[at + 1 :]] for row in rows]


def emptied(rows: Rows, header: str) -> Rows:
    return mapped(rows, header, lambda _: "")


def decimal_comma(rows: Rows) -> Rows:
    swap = str.maketrans(",.", ".,")
    return mapped(rows, "现存数量", lambda text: text.translate(swap))


def american_dates(header: str) -> Spoil:
    return lambda rows: mapped(rows, header, lambda text: f"{text[5:7]}/{text[8:]}/{text[:4]}")


def without_zeros(rows: Rows) -> Rows:
    return mapped(mapped(rows, "仓库编码", lambda text: text.lstrip("0")), "存货编码", lambda text: text.lstrip("0"))


def day_earlier(rows: Rows) -> Rows:
    return mapped(rows, "单据日期", lambda text: (date.fromisoformat(text) - timedelta(days=1)).isoformat())


def zipped(path: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(path.name, path.read_bytes())
    return buffer.getvalue()
