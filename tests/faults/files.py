"""Delivered files on disk: handing each out once, reading, spoiling and writing them. Which faults there are is in `*_faults`."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from catalogue import Catalogue, Entry, Kind

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
            if not found or day.weekday() >= 5 or found[0].name in self.taken:
                continue
            if found[0].suffix != ".csv" or len(read(found[0])) > 3:
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


class Spoiler:
    """Adds kinds to a catalogue, each on a file of its own."""

    def __init__(self, catalogue: Catalogue, inbox: Inbox) -> None:
        self.catalogue, self.inbox = catalogue, inbox

    def add(self, name: str, what: str, rules: tuple[str, ...], moves: bool, inject: Callable[[], Path]) -> None:
        """A kind whose injection gives the file that it damaged."""

        def inject_here(_: Path) -> list[Entry]:
            path = inject()
            day = day_of(path).isoformat() if path.stem[-1].isdigit() else ""
            return [Entry(name, rules, day=day, file=path.name)]

        self.catalogue.add(Kind(name, what, moves, in_files=inject_here, rules=rules))

    def content(
        self, name: str, what: str, rules: tuple[str, ...], dataset: str, back: int, spoil: Spoil, moves: bool = True
    ) -> None:
        """A file whose rows are changed."""

        def inject() -> Path:
            path = self.inbox.take(dataset, back)
            write(path, spoil(read(path)))
            return path

        self.add(name, what, rules, moves, inject)

    def raw(self, name: str, what: str, dataset: str, back: int, make: Callable[[Path], bytes]) -> None:
        """A file of other bytes, which is refused whole."""

        def inject() -> Path:
            path = self.inbox.take(dataset, back)
            path.write_bytes(make(path))
            return path

        self.add(name, what, ("refused_file",), True, inject)

    def same(self, name: str, what: str, dataset: str, back: int, make: Callable[[Path], bytes]) -> None:
        """A file of other bytes that says the same."""

        def inject(_: Path) -> list[Entry]:
            path = self.inbox.take(dataset, back)
            path.write_bytes(make(path))
            return [Entry(name, (), file=path.name)]

        self.catalogue.add(Kind(name, what, False, in_files=inject))


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
