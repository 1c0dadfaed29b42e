"""Rows of web services as flat texts: objects named by their code or name, lists joined, local time where it is UTC."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from assets.ingest.errors import IngestError
from assets.ingest.live.reader import text_of
from assets.ingest.live.watermark import Request, Value
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.source_keys import RESERVED, HttpSource
from assets.ingest.reading.header_match import dataset_headers
from assets.ingest.reading.raw_table import normal_header

_NAMES = ("code", "number", "Number", "name", "Name", "label", "key", "id")


def wanted_headers(dataset: Dataset) -> tuple[list[str], set[str]]:
    """Headers that the mapping reads, and those of them that may be absent."""
    must, may = dataset_headers(dataset)
    headers = [header for header in (*must, *may) if header not in RESERVED]
    return headers, {*may, *dataset.optional_columns}


def plain(value: Any) -> str | None:
    """The text of a field: of an object its code or name, of a list its parts."""
    if isinstance(value, Mapping):
        for name in _NAMES:
            if value.get(name) not in (None, ""):
                return plain(value[name])
        return plain([part for part in value.values() if part not in (None, "")])
    if isinstance(value, list):
        return ",".join(text for text in map(plain, value) if text is not None) or None
    return text_of(value)


def local_time(value: Any, timezone: str) -> Any:
    """An instant in UTC as local time: the local midnight of a date-only field is the afternoon before in UTC."""
    if not isinstance(value, str) or not value.endswith("Z"):
        return value
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return value
    local = moment.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
    return local.date().isoformat() if local.time() == dt.time() else local.isoformat(sep=" ", timespec="seconds")


def moved_on(
    source: HttpSource, dataset: Dataset, request: Request, at_least: str, text: Callable[[Value], str]
) -> str:
    """The mapping's filter and what has moved on since, in a service's own words.

    Args:
        source: whose filter it is.
        dataset: whose watermark fields are compared.
        request: what is asked for.
        at_least: the service's sign between a field and a value, with its blanks.
        text: a watermark as the service writes it.

    Returns:
        A condition; empty where everything is asked for.
    """
    parts = [f"({source.filter})"] if source.filter else []
    if request.since is not None:
        mark = dataset.watermark
        ways = [
            f"{field}{at_least}'{text(value)}'"
            for field, value in zip(mark.column, request.since, strict=True)
            if value
        ]
        if request.reprocess_from is not None and mark.reprocess_column is not None:
            ways.append(f"{mark.reprocess_column}{at_least}'{request.reprocess_from.isoformat()}'")
        parts.append(f"({' or '.join(ways)})")
    return " and ".join(parts)


def unknown_fields(asked: Iterable[str], known: Sequence[str], place: str, dataset: str) -> IngestError:
    """What to say where the mapping names fields that the service does not have."""
    missing = list(asked)
    close = difflib.get_close_matches(normal_header(missing[0]), [normal_header(name) for name in known], n=1)
    hint = f" Is {close[0]!r} meant?" if close else ""
    return IngestError(
        f"{place} has no field {', '.join(missing)}",
        column=missing[0],
        fix=f"Correct dataset {dataset!r} of the mapping; fields may have been renamed or removed there.{hint}",
    )
