"""The keys of the mapping language that say how an extract looks where it is no `T.csv` with a header: only their schema."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

Delimiter = Literal[",", ";", "\t", "|"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Records(_Strict):
    """Which objects of a JSON document are rows: those of the list `at` a path of keys (the document itself where nothing
    is given), and of them `only` those whose fields have these values."""

    at: tuple[str, ...] = ()
    only: dict[str, str] = {}

    @field_validator("at", mode="before")
    @classmethod
    def _path(cls, at: object) -> object:
        return tuple(at.split(".")) if isinstance(at, str) else at


class TableFile(_Strict):
    """How the extracts of one table look: their name, and their shape where it is not that of a CSV with a header."""

    file: str | None = None
    header: tuple[str, ...] = ()
    delimiter: Delimiter | None = None
    records: Records | None = None

    @field_validator("file")
    @classmethod
    def _name(cls, file: str | None) -> str | None:
        if file is not None and (not file or re.search(r"[/\\]|\.\.", file)):
            raise ValueError("`file` is the name of a file, or a pattern of it: without folders")
        return file

    @field_validator("header")
    @classmethod
    def _each_once(cls, header: tuple[str, ...]) -> tuple[str, ...]:
        return check_header(header)

    @model_validator(mode="after")
    def _says_something(self) -> TableFile:
        if not self.model_fields_set:
            raise ValueError("say how its extracts look: file, header, delimiter or records")
        if self.header and self.records is not None:
            raise ValueError("`records` have names of their own; leave `header` out")
        return self


PLAIN_FILE = TableFile.model_construct()
"""A table whose extract is `T.csv` with a header."""


def check_header(header: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list of column names in which one appears twice or is empty."""
    folded = [name.strip().casefold() for name in header]
    for number, name in enumerate(folded):
        if not name or name in folded[:number]:
            raise ValueError(f"{header[number]!r}: every column of a file without header gets a name of its own")
    return header
