"""Tables of a source system in the mapping language: which one drives a dataset, and which are joined to it by key.

A joined table is a lookup: it adds columns named `alias.column` to the rows of the driving table and never adds or drops a
row. It must hold at most one row for a key, unless it is summed up.
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from assets.ingest.mapping.expressions import headers_of, parse_expression
from assets.ingest.mapping.value_checks import check_expression

# Letters of any script, digits and the marks that vendors use: `tabStock Ledger Entry`, `ST_RDRecord_b`, `dbo.INV1`.
_TABLE = re.compile(r"[\w@][\w @.$#-]*")


class Join(BaseModel):
    """A table looked up by key. `by` says which of its columns equals which column read so far.

    `where` keeps only some of its rows beforehand (a language, a status). With `sum`, `min` or `max` its rows are brought
    together by key first, and only the columns named there can be read. `ignore_case` takes keys for equal that differ in
    upper and lower case only, as ids of some systems do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    table: str
    alias: str = Field(alias="as", pattern=r"^[A-Za-z_]\w*$")
    on: dict[str, str] = Field(alias="by", min_length=1)
    where: str | None = None
    sum: tuple[str, ...] = ()
    min: tuple[str, ...] = ()
    max: tuple[str, ...] = ()
    optional: bool = False
    ignore_case: bool = False

    @field_validator("table")
    @classmethod
    def _named(cls, table: str) -> str:
        return check_table(table) or table

    _allowed = field_validator("where")(check_expression)

    @model_validator(mode="after")
    def _each_once(self) -> Join:
        names = self.combined
        if len(set(names)) < len(names):
            raise ValueError("a column is brought together in one way only: sum, min or max")
        return self

    @property
    def combined(self) -> tuple[str, ...]:
        """Columns that are brought together by key; none where the table is looked up row by row."""
        return (*self.sum, *self.min, *self.max)

    @property
    def condition_headers(self) -> list[str]:
        """Columns that `where` reads."""
        return headers_of(parse_expression(self.where)) if self.where is not None else []


class Tenant(BaseModel):
    """A column that tables of a system share and that parts its tenants (SAP's MANDT): their keys occur once for each.

    Rows of one tenant are read, that which `parameter` names; where it names none, tables of several are refused. Tables
    are joined within a tenant where both have the column.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str = Field(pattern=r"^[A-Za-z_]\w*$")
    parameter: str = Field(pattern=r"^[A-Za-z_]\w*$")

    @property
    def condition(self) -> str:
        """Which rows are read; an extract without the column is of the tenant that it was made in."""
        return f":{self.parameter} in ('', coalesce({self.column}, :{self.parameter}))"


def check_table(table: str | None) -> str | None:
    """Refuse a name that is no table: it becomes part of a file name or of a quoted identifier."""
    if table is not None and (not _TABLE.fullmatch(table) or ".." in table):
        raise ValueError(f"{table!r} is no name of a table")
    return table
