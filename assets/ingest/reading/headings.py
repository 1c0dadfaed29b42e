"""Where the header of a sheet is: below title rows, over one row or two. Pure.

A header is recognised by names that the mapping asks for, compared exactly after normalisation; likeness counts for
nothing here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assets.ingest.reading.raw_table import normal_header

SEARCHED_ROWS = 30
_ENOUGH = 3
_FILLED_SHARE = 0.6

Cells = Sequence[str | None]


@dataclass(frozen=True)
class Heading:
    """Titles of the columns, and the rows (from 1) in which they begin and end."""

    titles: tuple[str | None, ...]
    first_row: int
    last_row: int


def find_heading(rows: Sequence[Cells], wanted: Collection[str], declared: int) -> Heading | None:
    """The heading of a sheet; `wanted` are normalised headers. None where row `declared` does not exist.

    The declared row counts where it has any wanted header. Otherwise it is the first row among the first thirty with
    enough of them (three, or all where fewer are wanted) and most of its cells filled; a row of group titles above a
    row of sub-titles is read as `group_subtitle` where that finds more.
    """
    if len(rows) < declared:
        return None
    candidates = [declared - 1] if declared > 1 else range(min(len(rows), SEARCHED_ROWS))
    enough = min(_ENOUGH, len(wanted)) or 1
    plain = Heading(tuple(rows[declared - 1]), declared, declared)
    for at in candidates:
        one = tuple(rows[at])
        two = _joined(rows[at], rows[at + 1]) if at + 1 < len(rows) else one
        hits_one, hits_two = _hits(one, wanted), _hits(two, wanted)
        if hits_two > hits_one and hits_two >= enough:
            return Heading(two, at + 1, at + 2)
        if at == declared - 1 and hits_one:
            return plain
        if hits_one >= enough and _is_filled(one):
            return Heading(one, at + 1, at + 1)
    return plain


def _hits(titles: Cells, wanted: Collection[str]) -> int:
    return len({normal_header(title) for title in titles if title} & set(wanted))


def _is_filled(titles: Cells) -> bool:
    width = max((number for number, title in enumerate(titles, start=1) if title), default=0)
    return width > 0 and sum(1 for title in titles[:width] if title) >= _FILLED_SHARE * width


def _joined(top: Cells, bottom: Cells) -> tuple[str | None, ...]:
    """Group titles carried over the sub-titles below them: 期末 over 数量 and 金额 gives 期末_数量, 期末_金额."""
    titles: list[str | None] = []
    group: str | None = None
    for at in range(max(len(top), len(bottom))):
        above = top[at] if at < len(top) else None
        below = bottom[at] if at < len(bottom) else None
        group = above or group
        if below and group and group.strip() != below.strip():
            titles.append(f"{group.strip()}_{below.strip()}")
        else:
            titles.append(above or below)
    return tuple(titles)
