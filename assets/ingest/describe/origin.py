"""Where the rows of a proposal come from: a file with what is read of it, or a table of a database."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assets.ingest.describe.workbook_sheets import SheetGroup

DAY_IN_NAME = re.compile(r"(\d{4})[-_.年]?(\d{2})[-_.月]?(\d{2})")


@dataclass(frozen=True)
class Origin:
    """One source of rows.

    `name` is that of the file or table, in which a day may be written; `changed` the day it was written last; `place` the keys of
    the dataset that say where it is; `key` the columns that tell the rows of a table from one another, None for a file.
    """

    name: str
    changed: dt.date
    sheets: SheetGroup
    place: Mapping[str, Any] = field(default_factory=dict)
    key: tuple[str, ...] | None = None

    @property
    def label(self) -> str:
        """A name for the dataset that reads it."""
        stem = self.name if self.key is not None else Path(self.sheets.file).with_suffix("").as_posix()
        label = re.sub(r"\W+", "_", stem + (f"_{self.sheets.name}" if self.sheets.name else "")).strip("_") or "file"
        return label if label[0].isalpha() else f"f_{label}"

    @property
    def is_series(self) -> bool:
        """True for a file with a day in its name: the next day's file is read like it."""
        return self.key is None and DAY_IN_NAME.search(self.name) is not None


def origin_of_file(path: Path, sheets: SheetGroup) -> Origin:
    """A file below its folder."""
    pattern = re.sub(r"([\[\]*?])", "[\\1]", sheets.file)
    if DAY_IN_NAME.search(path.name) is not None:
        pattern = DAY_IN_NAME.sub("*", pattern, count=1)
    changed = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC).date()
    return Origin(path.name, changed, sheets, {"files": pattern, **sheets.keys})
