"""Checks of single values of a mapping file, for the validators of its schema. What needs several keys is in `mapping`."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from assets.ingest.contracts import ColumnType
from assets.ingest.mapping.expressions import parse_expression
from assets.ingest.typing.text_macros import NAMED_FORMATS, PERIOD_END, PERIOD_START, format_pattern


def check_expression(text: str | None) -> str | None:
    """Refuse a text that is no allowed expression."""
    if text is not None:
        parse_expression(text)
    return text


def check_files(pattern: str | None) -> str | None:
    """Refuse a pattern that leaves the source folder."""
    if pattern is not None:
        path = PurePosixPath(pattern)
        if path.is_absolute() or ".." in path.parts or "\\" in (pattern or ""):
            raise ValueError("files are looked for below the source folder: no absolute path and no `..`")
    return pattern


def check_pattern(pattern: str | None) -> str | None:
    """Refuse a text that is no regular expression."""
    try:
        re.compile(pattern or "")
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return pattern


def code_text(code: Any) -> str:
    """A code of an enum as text; a bare yes or no of YAML is refused."""
    if isinstance(code, bool):
        raise ValueError(f"code {code!r}: write it in quotes, YAML takes it for true or false")
    return str(code)


def expand_columns(columns: Any) -> Any:
    """`doc_no: 单据编号` is short for `doc_no: {from: 单据编号}`."""
    if not isinstance(columns, dict):
        return columns
    return {name: {"from": rule} if isinstance(rule, str) else rule for name, rule in columns.items()}


_TIME_OF_DAY = re.compile(r"[ T]%H:%M(?::%S(?:[.,]%f)?)?(?: ?%z)?$")
"""A time after a date is read whatever the format of the date, so a format may name it or leave it out."""


def check_formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse unknown directives and day-first beside month-first, which would read 03/04 either way."""
    formats = tuple(_TIME_OF_DAY.sub("", text) for text in formats)
    numeric = [text for text in formats if text not in NAMED_FORMATS]
    if PERIOD_START in formats and PERIOD_END in formats:
        raise ValueError(f"{PERIOD_START!r} and {PERIOD_END!r} read the same text as different days; give one of them")
    by_pattern: dict[str, str] = {}
    for text in numeric:
        other = by_pattern.setdefault(format_pattern(text), text)
        if other != text:
            raise ValueError(f"{other!r} and {text!r} read the same text as different days; give one of them")
    return formats


def enum_type_values(kind: ColumnType) -> bool:
    """True where an enum lookup makes sense for a contract type."""
    return kind in (ColumnType.ENUM, ColumnType.TEXT, ColumnType.BOOLEAN)
