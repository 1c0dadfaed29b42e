"""The tables of an unknown file: sheets of a workbook, of which several may be parts of one table, or lists of a document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assets.ingest.reading.raw_table import normal_header

_DAY = r"20\d{2}[-_.年]?\d{1,2}[-_.月]?\d{1,2}日?"
_MONTH = r"20\d{2}[-_.年]?\d{1,2}月?"
_MONTH_OF_A_YEAR = r"(?:1[0-2]|0?[1-9])月份?"
_KINDS = (("months of a year", _MONTH_OF_A_YEAR), ("months", _MONTH), ("days", _DAY))


@dataclass(frozen=True)
class SheetGroup:
    """Sheets that are read as one table.

    `file` is the file below its folder; `name` the name of a single sheet among several, "" where the file has one; `pattern` matches the
    names of several sheets, "" for one; `names_are` is "days", "months", "months of a year" or "" for names that are no time. `at` is the
    path of keys to a list of a JSON document; `header` names the columns of a file that does not.
    """

    file: str
    name: str = ""
    names: tuple[str, ...] = ()
    pattern: str = ""
    names_are: str = ""
    at: tuple[str, ...] = ()
    header: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The group as messages and questions name it."""
        if self.pattern:
            return f"{self.file} [{self.names[0]} ...]"
        return f"{self.file} [{self.name}]" if self.name else self.file

    @property
    def keys(self) -> dict[str, Any]:
        """Keys of the dataset that choose the table."""
        if self.at:
            return {"records": {"at": list(self.at)}}
        given = {"header": list(self.header)} if self.header else {}
        if self.pattern:
            return {"sheets": self.pattern, **given}
        return {"sheet": self.name, **given} if self.name else given


def group_sheets(file: str, headers: Sequence[tuple[str, tuple[str, ...]]]) -> list[SheetGroup]:
    """Sheets with the same columns are one table.

    Args:
        file: the workbook below its folder.
        headers: name and header of each sheet that has a table, in the order of the workbook.

    Returns:
        The groups, in the order of their first sheets.
    """
    groups: dict[frozenset[str], list[str]] = {}
    for name, header in headers:
        groups.setdefault(frozenset(map(normal_header, header)), []).append(name)
    return [_group(file, names, is_alone=len(headers) == 1) for names in groups.values()]


def _group(file: str, names: list[str], *, is_alone: bool) -> SheetGroup:
    if len(names) == 1:
        return SheetGroup(file, "" if is_alone else names[0], tuple(names))
    plain = [name.strip() for name in names]
    for kind, pattern in _KINDS:
        if all(re.fullmatch(pattern, name) for name in plain):
            return SheetGroup(file, "", tuple(names), pattern, kind)
    return SheetGroup(file, "", tuple(names), "|".join(map(re.escape, plain)))
