"""What every reader leaves behind: a table `raw` of texts, and what is known about it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from assets.ingest.reading.chinese import simplified

if TYPE_CHECKING:
    from assets.ingest.reading.pieces import Pieces

RAW_TABLE = "raw"
SOURCE_ROW = "source_row"
_NOISE = re.compile(r"[\s\u200b\ufeff*:]+|\((?:必填|必填项)\)")


@dataclass(frozen=True)
class MalformedRow:
    """A row that has not the shape of the file, so that its values cannot be distinguished."""

    source_row: int
    text: str
    reason: str


@dataclass(frozen=True)
class RawFile:
    """Table `raw` holds `source_row` BIGINT and one VARCHAR column `c<n>` for each entry of `header`; with `pieces`, the
    rows are still in the file, which is to be read piece by piece. `notes` are kept in the manifest: title rows, what was
    hidden, totals that were checked. `above` are the filled cells of the rows above the header, with their row numbers;
    `units` the columns whose headers named a unit; `added` are headers that the file itself lacks."""

    header: tuple[str, ...]
    rows: int
    malformed: tuple[MalformedRow, ...] = ()
    date_formats: tuple[str, ...] = ()
    pieces: Pieces | None = None
    notes: tuple[str, ...] = ()
    above: tuple[tuple[int, tuple[str, ...]], ...] = ()
    units: tuple[tuple[str, str], ...] = ()
    added: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Internal column names in header order."""
        return tuple(f"c{number}" for number in range(len(self.header)))

    @property
    def rows_in(self) -> int:
        """Source rows, those without shape included."""
        return self.rows + len(self.malformed)


@lru_cache(maxsize=1 << 14)
def normal_header(header: str) -> str:
    """A header as it is compared: half-width, without blanks and marks, simplified characters, ASCII in lower case."""
    # 帐 and 账 are written for one another, and OpenCC takes them for two characters.
    return _NOISE.sub("", simplified(unicodedata.normalize("NFKC", header))).replace("帐", "账").casefold()


def name_headers(cells: Sequence[str | None]) -> tuple[str, ...]:
    """Headers as people see them, made unique: blank ones are `column_<n>`, repeated ones get `_2`, `_3`."""
    seen: dict[str, int] = {}
    names = []
    for number, cell in enumerate(cells, start=1):
        name = (cell or "").strip().strip("\ufeff").strip() or f"column_{number}"
        key = normal_header(name)
        seen[key] = seen.get(key, 0) + 1
        names.append(name if seen[key] == 1 else f"{name}_{seen[key]}")
    return tuple(names)
