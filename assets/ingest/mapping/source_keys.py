"""The keys of the mapping language that say where a dataset comes from when it is no file: `source`, `watermark` and
`paging` (docs/mapping.md). Only their schema; the readers give them meaning."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

SOURCE_KEY = "_source_key"
IS_REMOVED = "_is_removed"
EXTRACT_DATE = "_extract_date"
RESERVED = (SOURCE_KEY, IS_REMOVED, EXTRACT_DATE)
"""Headers that extraction adds by itself: the key in the source, whether the row is gone there, the day of the run."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SqlSource(_Strict):
    """How the table of a dataset is read from a database: the columns that tell its rows apart, where the database has
    no primary key that says so, and the schema that holds the tables, where it is not the connection's own."""

    kind: Literal["sql"]
    key: tuple[str, ...] = ()
    schema_: str | None = Field(default=None, alias="schema", pattern=r"^[A-Za-z_][\w$#]*$")


class Pages(_Strict):
    """How a web service of no known kind is paged: the number of a page, the number of rows before it, or the cursor that the
    answer gives at `next`; `size_parameter` asks for a number of rows. One page holds everything where there is no note."""

    by: Literal["page", "offset", "cursor"]
    parameter: str = Field(pattern=r"^[\w.$-]+$")
    size_parameter: str | None = Field(default=None, pattern=r"^[\w.$-]+$")
    first: int = Field(default=1, ge=0)
    next: tuple[str, ...] = ()

    _path = field_validator("next", mode="before")(lambda at: tuple(at.split(".")) if isinstance(at, str) else at)

    @model_validator(mode="after")
    def _complete(self) -> Pages:
        if (self.by == "cursor") != bool(self.next):
            raise ValueError(
                "`next` says where the answer has the next cursor: give it with `by: cursor` and nowhere else"
            )
        return self


class HttpSource(_Strict):
    """Rows of one form or resource of a web service. `api` says whose; `subform` unfolds its lines.

    Of a service of no known kind (`rest`) `form` is the path below the address, `rows` the path of keys to the rows in an answer.
    """

    kind: Literal["http"]
    api: Literal["jiandaoyun", "kingdee_k3cloud", "sap_b1", "rest"]
    form: str = Field(pattern=r"^\w[\w./-]*$")
    rows: tuple[str, ...] = ()
    pages: Pages | None = None
    query: dict[str, str] = {}
    app: str | None = Field(default=None, pattern=r"^[\w.-]+$")
    subform: str | None = None
    key: tuple[str, ...] = ()
    filter: str | None = None

    _path = field_validator("rows", mode="before")(lambda at: tuple(at.split(".")) if isinstance(at, str) else at)

    @model_validator(mode="after")
    def _complete(self) -> HttpSource:
        if self.api != "rest" and (self.rows or self.pages is not None or self.query or "/" in self.form):
            raise ValueError(
                "`rows`, `pages`, `query` and a path in `form` are for `api: rest`; the others know their own"
            )
        if self.api == "rest" and (".." in self.form or self.filter):
            raise ValueError(
                "`form` is a path below the address without `..`; conditions are in `query`, there is no `filter`"
            )
        if (self.api == "jiandaoyun") != (self.app is not None):
            raise ValueError("`app` is the application's id of 简道云: give it there and nowhere else")
        if self.api == "jiandaoyun" and (self.key or self.filter):
            raise ValueError("简道云 has its own key (_id) and no `filter`; use the dataset's `where`")
        if self.api != "jiandaoyun" and not self.key:
            raise ValueError("`key`: name the fields that tell one row from another; pages are ordered by them")
        if self.api == "kingdee_k3cloud" and self.subform is not None:
            raise ValueError("a query of 金蝶云星空 unfolds entries by itself; there is no `subform`")
        return self


Source = Annotated[SqlSource | HttpSource, Field(discriminator="kind")]


class Watermark(_Strict):
    """How a later run finds what changed.

    `full` reads everything and keeps the differences; the others read the rows whose `column` moved on (one of them,
    where there are several), those that have none, and the reprocess window. Every `reconcile_days` all keys are
    compared, which finds what was deleted or slipped through; every `reread_days` all rows are.
    """

    kind: Literal["full", "datetime", "rowversion"]
    column: tuple[str, ...] = ()
    overlap_minutes: int = Field(default=60, ge=0)
    reprocess_column: str | None = None
    reprocess_days: int = Field(default=45, ge=0)
    reconcile_days: int = Field(default=1, ge=1)
    reread_days: int | None = Field(default=30, ge=1)

    @field_validator("column", mode="before")
    @classmethod
    def _one_or_more(cls, column: Any) -> Any:
        return (column,) if isinstance(column, str) else column

    @model_validator(mode="after")
    def _complete(self) -> Watermark:
        if (self.kind == "full") == bool(self.column):
            raise ValueError("`column` says what moves on; `datetime` and `rowversion` need it, `full` has none")
        return self


class Paging(_Strict):
    """How much is asked for at once, and how often."""

    size: int | None = Field(default=None, ge=1, le=100_000)
    requests_per_second: float | None = Field(default=None, gt=0, le=50)
