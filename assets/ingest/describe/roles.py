"""What a file of an unknown company is, and which of its columns is what: by names, then by what is in the columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from assets.documents import shipped_document
from assets.ingest.describe.vocabulary import plain_name, synonyms

_NUMBER = re.compile(r"[-+(]?[\d,.，．]+%?\)?-?")
_DAY = re.compile(r"\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?.*|\d{8}")
MONTH_TITLE = r"(?P<year>\d{4})[-/.年]?(?P<month>\d{1,2})月?"
YEARLESS_TITLE = r"(?P<month>1[0-2]|0?[1-9])月份?(?:销量|销售数量|数量)?"
_NUMERIC = ("_units", "_value", "_cost", "_price", "_days")
_CROSS_LEAST = 2
_MONTHS_LEAST = 3


@dataclass(frozen=True)
class Column:
    """A column of a file, with the first different texts in it; `called` is what it is known by, where that is not its name."""

    name: str
    samples: tuple[str, ...] = ()
    called: str = ""

    @property
    def plain(self) -> str:
        """What it is called, as names are compared."""
        return plain_name(self.called or self.name)

    @property
    def is_number(self) -> bool:
        """True where every sample is a number."""
        return bool(self.samples) and all(_NUMBER.fullmatch(text.strip()) for text in self.samples)

    @property
    def is_day(self) -> bool:
        """True where every sample is a day."""
        return bool(self.samples) and all(_DAY.fullmatch(text.strip()) for text in self.samples)


@dataclass(frozen=True)
class Role:
    """What a file can be: see roles.yml."""

    name: str
    title: str
    contract: str
    needs: tuple[tuple[str, ...], ...]
    without: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Reading:
    """A file as it is understood: its role, the column of each field, and the columns that are cells of a cross-tab."""

    role: Role
    columns: Mapping[str, str]
    cells: tuple[str, ...] = ()
    cells_are: str = ""
    evidence: tuple[str, ...] = field(default=())


@lru_cache(maxsize=1)
def roles() -> tuple[Role, ...]:
    """The roles, in the order in which they are tried."""
    document: list[dict[str, Any]] = shipped_document(Path(__file__).parent / "roles.yml")
    return tuple(
        Role(
            entry["role"],
            entry["title"],
            entry["contract"],
            tuple((need,) if isinstance(need, str) else tuple(need) for need in entry["needs"]),
            tuple(entry.get("without", ())),
            {name: tuple(map(str, words)) for name, words in entry["fields"].items()},
        )
        for entry in document
    )


def read_role(columns: Sequence[Column]) -> Reading | None:
    """The first role that fits the columns; None where no role does."""
    for role in roles():
        found = _fields(role, columns)
        if any(not set(need) & set(found) for need in role.needs):
            continue
        if any(_fields_of_others(name, columns) for name in role.without):
            continue
        cross = _cross_tab(columns) if role.name == "item" else None
        if cross is not None:
            return cross
        evidence = tuple(f"{name} is {column}" for name, column in found.items())
        return Reading(role, found, evidence=evidence)
    return _cross_tab(columns)


def is_row_of_data(columns: Sequence[Column]) -> bool:
    """True where the names of columns look like their values: a number or day over numbers or days, in every such column."""
    values = [column for column in columns if column.is_number or column.is_day]
    return bool(values) and all(
        Column("", (column.name,)).is_number or Column("", (column.name,)).is_day for column in values
    )


def _fields(role: Role, columns: Sequence[Column]) -> dict[str, str]:
    """Field to column: exact names first, in the order in which the role names them, each column once."""
    found: dict[str, str] = {}
    used: set[str] = set()
    for name, words in role.fields.items():
        known = [plain_name(word) for word in (*words, *synonyms().get(name, ()))]
        for column in sorted(columns, key=lambda one: _rank(one.plain, known)):
            if column.name in used or column.plain not in known or not _can_be(name, column):
                continue
            found[name] = column.name
            used.add(column.name)
            break
    return found


def _rank(name: str, known: Sequence[str]) -> int:
    return known.index(name) if name in known else len(known)


def _can_be(name: str, column: Column) -> bool:
    if not column.samples:
        return True
    if name.endswith(_NUMERIC):
        return column.is_number
    if name.endswith("_date"):
        return column.is_day or not column.is_number
    return True


def _fields_of_others(name: str, columns: Sequence[Column]) -> bool:
    written = {plain_name(word) for role in roles() for word in role.fields.get(name, ())}
    words = set(synonyms().get(name, ())) or written
    return any(column.plain in words for column in columns)


def _cross_tab(columns: Sequence[Column]) -> Reading | None:
    """Items by rows and months or warehouses by columns; None where the file is neither."""
    by_name = {role.name: role for role in roles()}
    item = _fields(by_name["item"], columns).get("item_code")
    if item is None:
        return None
    rest = [column for column in columns if column.name != item]
    months = max(
        (
            [one.name for one in rest if re.fullmatch(title, one.name.strip()) and _may_be_number(one)]
            for title in (MONTH_TITLE, YEARLESS_TITLE)
        ),
        key=len,
    )
    if len(months) >= _MONTHS_LEAST:
        found = {"item_code": item, **_warehouse(rest)}
        said = (f"{len(months)} columns are months ({months[0]} ... {months[-1]})", f"item_code is {item}")
        return Reading(by_name["sales"], found, tuple(months), "months", said)
    known = {word for words in synonyms().values() for word in words} | {"合计", "总计", "小计", "total"}
    cells = [column.name for column in rest if plain_name(column.name) not in known and column.is_number]
    if len(cells) >= _CROSS_LEAST:
        said = (
            f"{len(cells)} columns of numbers bear names of places ({', '.join(cells[:3])} ...)",
            f"item_code is {item}",
        )
        return Reading(by_name["stock"], {"item_code": item}, tuple(cells), "warehouses", said)
    return None


def _may_be_number(column: Column) -> bool:
    return column.is_number or not column.samples


def _warehouse(columns: Sequence[Column]) -> dict[str, str]:
    names = synonyms().get("warehouse_code", ())
    return next(({"warehouse_code": column.name} for column in columns if plain_name(column.name) in names), {})
