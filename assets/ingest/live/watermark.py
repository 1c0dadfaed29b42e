"""Which rows a run asks of a live source: everything, or what has moved on since the last run. Pure."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from assets.ingest.mapping.source_keys import Watermark

Value = Any
Encoded = tuple[str, str]


class ExtractState(BaseModel):
    """What is known about a dataset of a live source after a finished run; one file in the workspace.

    `ceiling` are the watermarks up to which everything has been read, `files` the extracts that count, oldest first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fingerprint: str
    sequence: int
    last_day: dt.date
    ceiling: tuple[Encoded | None, ...] = ()
    reconciled: dt.date | None = None
    reread: dt.date | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """What a run reads. `since` has one entry per watermark column (None: that column said nothing yet); without
    `since` everything is read. `reprocess_from` adds rows whose business day is not before it; `all_keys` asks for the
    keys of every row as well."""

    since: tuple[Value | None, ...] | None = None
    reprocess_from: dt.date | None = None
    all_keys: bool = False

    @property
    def is_full(self) -> bool:
        """Everything is read, so that what is missing is known to be gone."""
        return self.since is None


def next_request(state: ExtractState | None, watermark: Watermark, as_of: dt.date, *, whole: bool) -> Request:
    """What to ask for after `state`. `whole`: the dataset replaces its scope at each run, so nothing less will do."""
    if whole or state is None or watermark.kind == "full" or not any(state.ceiling):
        return Request()
    if watermark.reread_days is not None and _is_due(state.reread, watermark.reread_days, as_of):
        return Request()
    return Request(
        since=since(state.ceiling, watermark),
        reprocess_from=as_of - dt.timedelta(days=watermark.reprocess_days) if watermark.reprocess_column else None,
        all_keys=_is_due(state.reconciled, watermark.reconcile_days, as_of),
    )


def since(ceiling: Sequence[Encoded | None], watermark: Watermark) -> tuple[Value | None, ...]:
    """Where reading continues: the ceiling less the overlap, which catches what was committed late."""
    values = [decode(value) if value is not None else None for value in ceiling]
    if watermark.kind == "rowversion":
        return tuple(values)
    return tuple(_earlier(value, watermark.overlap_minutes) for value in values)


def _earlier(value: Value | None, minutes: int) -> Value | None:
    if isinstance(value, dt.datetime):
        return value - dt.timedelta(minutes=minutes)
    if isinstance(value, dt.date):
        return value - dt.timedelta(days=-(-minutes // 1440))
    if isinstance(value, str):
        try:
            moment = dt.datetime.fromisoformat(value) - dt.timedelta(minutes=minutes)
        except ValueError:
            return value
        return moment.isoformat(sep="T" if "T" in value else " ")[: max(len(value), 10)]
    return value


def _is_due(last: dt.date | None, days: int, today: dt.date) -> bool:
    return last is None or (today - last).days >= days


def encode(value: Value) -> Encoded:
    """A value of a database as a tagged text that JSON can keep exactly."""
    if isinstance(value, bool):
        return ("bool", str(value))
    for kind, tag in _TAGS:
        if isinstance(value, kind):
            return (tag, value.hex() if isinstance(value, bytes) else _text(value))
    raise TypeError(f"a {type(value).__name__} cannot be a key or a watermark")


def decode(encoded: Encoded) -> Value:
    """The value that `encode` was given."""
    tag, text = encoded
    return _READ[tag](text)


def _text(value: Value) -> str:
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)


# A datetime is a date too, so it is first.
_TAGS: tuple[tuple[type, str], ...] = (
    (int, "int"), (str, "str"), (Decimal, "decimal"), (float, "float"), (dt.datetime, "datetime"), (dt.date, "date"),
    (bytes, "bytes"), (uuid.UUID, "uuid"),
)  # fmt: skip
_READ: dict[str, Any] = {
    "bool": lambda text: text == "True", "int": int, "str": str, "decimal": Decimal, "float": float,
    "datetime": dt.datetime.fromisoformat, "date": dt.date.fromisoformat, "bytes": bytes.fromhex, "uuid": uuid.UUID,
}  # fmt: skip
