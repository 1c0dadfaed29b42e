"""What every reader of a live source offers, and how its values become the texts that extracts hold."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from assets.ingest.live.watermark import Encoded, Request, Value
from assets.ingest.mapping.language import Dataset

Column = list[str | None]


@dataclass(frozen=True)
class Batch:
    """Some rows: one text per header and row, the key of each row, and the position from which reading can continue."""

    columns: Sequence[Column]
    keys: Sequence[str]
    position: tuple[Encoded, ...]


class Prepared(Protocol):
    """A dataset whose names have been checked against the source; nothing is read yet.

    `fingerprint` changes when the same rows would be read otherwise. With `has_snapshot`, rows read after a break belong
    to another state of the source than those before. With `is_keyed`, a key that comes twice in one reading is a fault.
    """

    @property
    def headers(self) -> tuple[str, ...]: ...
    @property
    def place(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def has_snapshot(self) -> bool: ...
    @property
    def is_keyed(self) -> bool: ...
    def ceiling(self) -> tuple[Encoded | None, ...]: ...
    def read(self, request: Request, after: tuple[Value, ...] | None) -> Iterator[Batch]: ...
    def all_keys(self) -> Iterator[Sequence[str]]: ...


class LiveReader(Protocol):
    """An open source."""

    def prepare(self, dataset: Dataset) -> Prepared: ...


def text_of(value: Any) -> str | None:
    """A value of a database as the text that the parsers of ingest read back to the same value.

    Instants become UTC with their offset, numbers never have an exponent, bytes are hexadecimal.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f") if value - value == 0 else None
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(dt.UTC)
        return value.isoformat(sep=" ")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "0x" + bytes(value).hex()
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def texts(values: Sequence[Any]) -> Column:
    """A column of values as texts."""
    return [value if value is None or type(value) is str else text_of(value) for value in values]


def key_text(values: Sequence[Any]) -> str:
    """The key of a row as one text; a `|` inside a part is escaped, so that two keys never read alike."""
    return "|".join((text_of(value) or "").replace("\\", "\\\\").replace("|", "\\|") for value in values)
