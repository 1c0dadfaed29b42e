"""What is known about a table of an unknown source: captions, counts, samples. Plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets.ingest.describe.kinds import Detected


@dataclass(frozen=True)
class ColumnProfile:
    """One column: its name and caption, its type there, and what is in it (of the rows that were looked at)."""

    name: str
    type: str
    caption: str = ""
    filled_rate: float = 0.0
    distinct: int = 0
    samples: tuple[str, ...] = ()
    is_key: bool = False


@dataclass(frozen=True)
class TableProfile:
    """One table, view, sheet or file. `looked_at` rows were read for the column profiles; `kind` is that of a file whose headers
    tell it."""

    name: str
    columns: tuple[ColumnProfile, ...]
    rows: int
    looked_at: int
    caption: str = ""
    is_file: bool = False
    kind: Detected | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """Columns of the primary key."""
        return tuple(column.name for column in self.columns if column.is_key)


SAMPLES = 5
_LONGEST_SAMPLE = 40


def profile_column(
    name: str, type_name: str, values: Sequence[str | None], *, caption: str = "", is_key: bool = False
) -> ColumnProfile:
    """The profile of a column from its texts."""
    filled = [value for value in values if value not in (None, "")]
    distinct = list(dict.fromkeys(filled))
    return ColumnProfile(
        name,
        type_name,
        caption,
        len(filled) / len(values) if values else 0.0,
        len(distinct),
        tuple(str(value)[:_LONGEST_SAMPLE] for value in distinct[:SAMPLES]),
        is_key,
    )
