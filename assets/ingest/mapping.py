"""The mapping language (docs/mapping.md) as typed objects: its schema, without looking at contracts or data."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from assets.ingest.casting import EXCEL_SERIAL, EXCEL_SERIAL_1904, format_pattern
from assets.ingest.contracts import ColumnType
from assets.ingest.expressions import parse_expression

Scalar = str | int | float | bool
MAPPABLE_ENVELOPE = ("source_status", "source_created_at", "source_updated_at", "is_deleted")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ColumnRule(_Strict):
    """How one contract column is got: from a header, an expression or a constant."""

    from_: str | None = Field(default=None, alias="from")
    expr: str | None = None
    const: Scalar | None = None
    enum: str | None = None
    formats: tuple[str, ...] = ()
    optional: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> ColumnRule:
        if sum(way is not None for way in (self.from_, self.expr, self.const)) != 1:
            raise ValueError("give exactly one of `from`, `expr` and `const`")
        if self.const is not None and (self.enum or self.formats):
            raise ValueError("`enum` and `formats` do not go with `const`")
        if self.optional and self.from_ is None:
            raise ValueError("`optional` goes with `from`")
        return self

    @field_validator("expr")
    @classmethod
    def _allowed(cls, text: str | None) -> str | None:
        if text is not None:
            parse_expression(text)
        return text

    @field_validator("formats")
    @classmethod
    def _formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        return check_formats(formats)


class KeepFirst(_Strict):
    """Keep only the first row of each group, within one file."""

    by: tuple[str, ...] = Field(min_length=1)
    order: tuple[str, ...] = Field(min_length=1)


class Branch(_Strict):
    """One kind of contract row that a source row yields."""

    columns: dict[str, ColumnRule] = {}
    where: str | None = None
    keep_first: KeepFirst | None = None

    @field_validator("where")
    @classmethod
    def _allowed(cls, text: str | None) -> str | None:
        if text is not None:
            parse_expression(text)
        return text

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, columns: Any) -> Any:
        return expand_columns(columns)


class Dataset(_Strict):
    """Files of one kind and the contract they fill."""

    name: str
    contract: str
    files: str
    columns: dict[str, ColumnRule] = {}
    rows: tuple[Branch, ...] = ()
    where: str | None = None
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1)
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    extract_date: str | dt.date | None = None
    scope: Literal["key", "period", "full"]
    unknown_columns: Literal["ext", "fail"] = "ext"
    date_formats: tuple[str, ...] = ()
    required: bool = False
    allow_empty: bool = False

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, columns: Any) -> Any:
        return expand_columns(columns)

    @field_validator("where")
    @classmethod
    def _allowed(cls, text: str | None) -> str | None:
        if text is not None:
            parse_expression(text)
        return text

    @field_validator("date_formats")
    @classmethod
    def _formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        return check_formats(formats)

    @field_validator("files")
    @classmethod
    def _inside(cls, pattern: str) -> str:
        path = PurePosixPath(pattern)
        if path.is_absolute() or ".." in path.parts or "\\" in pattern:
            raise ValueError("files are looked for below the source folder: no absolute path and no `..`")
        return pattern

    @field_validator("extract_date")
    @classmethod
    def _dated(cls, rule: str | dt.date | None) -> str | dt.date | None:
        if isinstance(rule, str):
            try:
                groups = re.compile(rule).groups
            except re.error as error:
                raise ValueError(f"is no regular expression: {error}") from error
            if groups != 1:
                raise ValueError("the regular expression needs one group, which holds the date")
        return rule

    @property
    def branches(self) -> tuple[Branch, ...]:
        """What a source row yields, each branch with its own columns over those of the dataset."""
        if not self.rows:
            return (Branch(columns=self.columns),)
        return tuple(branch.model_copy(update={"columns": {**self.columns, **branch.columns}}) for branch in self.rows)


class Mapping(_Strict):
    """A vendor's extracts in terms of the contracts."""

    mapping: str
    version: int = Field(ge=1)
    source_system: str
    capabilities: dict[str, bool] = {}
    enums: dict[str, dict[str, Scalar | None]] = {}
    datasets: tuple[Dataset, ...] = Field(min_length=1)

    @field_validator("enums", mode="before")
    @classmethod
    def _texts(cls, enums: Any) -> Any:
        """YAML reads 1, yes or 2024-01-01 as other things than text; codes are text."""
        if not isinstance(enums, dict):
            return enums
        return {
            name: {_code_text(code): value for code, value in codes.items()} if isinstance(codes, dict) else codes
            for name, codes in enums.items()
        }

    @field_validator("enums")
    @classmethod
    def _with_default(cls, enums: dict[str, dict[str, Scalar | None]]) -> dict[str, dict[str, Scalar | None]]:
        for name, codes in enums.items():
            if "_default" not in codes:
                raise ValueError(f"{name}: `_default` must say what an unknown code means: fail, null or a value")
        return enums

    def feeds(self, contract: str) -> list[Dataset]:
        """Datasets that fill a contract."""
        return [dataset for dataset in self.datasets if dataset.contract == contract]


def _code_text(code: Any) -> str:
    if isinstance(code, bool):
        raise ValueError(f"code {code!r}: write it in quotes, YAML takes it for true or false")
    return str(code)


def expand_columns(columns: Any) -> Any:
    """`doc_no: 单据编号` is short for `doc_no: {from: 单据编号}`."""
    if not isinstance(columns, dict):
        return columns
    return {name: {"from": rule} if isinstance(rule, str) else rule for name, rule in columns.items()}


def check_formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse unknown directives and day-first beside month-first, which would read 03/04 either way."""
    numeric = [text for text in formats if text not in (EXCEL_SERIAL, EXCEL_SERIAL_1904)]
    by_pattern: dict[str, str] = {}
    for text in numeric:
        other = by_pattern.setdefault(format_pattern(text), text)
        if other != text:
            raise ValueError(f"{other!r} and {text!r} read the same text as different days; give one of them")
    return formats


def enum_type_values(kind: ColumnType) -> bool:
    """True where an enum lookup makes sense for a contract type."""
    return kind in (ColumnType.ENUM, ColumnType.TEXT, ColumnType.BOOLEAN)
