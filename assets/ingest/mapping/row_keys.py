"""The keys of the mapping language that look at several rows of one file at once: only their schema; the readers do the work."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from assets.ingest.mapping.expressions import headers_of, parse_expression
from assets.ingest.mapping.value_checks import check_expression, check_pattern

COMBINED = "_added_to_row"
"""Header of the row number that a row was added to; see Combine."""
CHANGE = "_change"
"""Header of what a row changed; see Balance."""
ROW_NUMBER = "_row"
"""Header of the row number in the file: a key for lines that have none, in files that are never sent again with other rows."""
POSITION = "_position"
"""Header of the position within the document (`position_by`): a key for lines of documents that are sent again as they were."""

SHEET = "_sheet"
"""Header of the name of the sheet that a row is on, where a dataset reads several (`sheets`)."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeepFirst(_Strict):
    """Keep only the first row of each group, within one file."""

    by: tuple[str, ...] = Field(min_length=1)
    order: tuple[str, ...] = Field(min_length=1)


class Combine(_Strict):
    """Rows of one extract that mean one: they are added up by key, the first of them represents all of them.

    Only rows for which `where` holds are added up; the others are left out like those that were added to another row.
    """

    by: tuple[str, ...] = Field(min_length=1)
    sum: tuple[str, ...] = Field(min_length=1)
    where: str | None = None

    _allowed = field_validator("where")(check_expression)

    @property
    def headers(self) -> list[str]:
        """Source headers that its condition reads."""
        return headers_of(parse_expression(self.where)) if self.where is not None else []


class Unpivot(_Strict):
    """A cross-tab: each filled cell under a title that `columns` matches (as a whole) becomes a row of its own.

    The title is read under the header `name`, the cell under `value`, each named group of the expression under its name.
    """

    columns: str
    name: str
    value: str

    _expression = field_validator("columns")(check_pattern)


class Signs(_Strict):
    """A column of quantities whose sign is given by the kind of document, unless the file signs them already (signs.py).

    `quantity` and `type` are headers, `enum` gives the movement type of a code, `parameter` (auto, true or false) lets a
    source settle the question.
    """

    quantity: str
    type: str
    enum: str
    parameter: str


class Balance(_Strict):
    """A ledger some rows of which state what is there instead of what changed.

    Within one file, rows of one group (`by`) in their `order` make a running balance: `change` adds to it, `stated` sets it.
    What a row changed is then read under the header `_change`. A row for which both are missing changes nothing known.
    """

    by: tuple[str, ...] = Field(min_length=1)
    order: tuple[str, ...] = Field(min_length=1)
    change: str
    stated: str

    _allowed = field_validator("change", "stated")(check_expression)

    @property
    def headers(self) -> list[str]:
        """Source headers that it reads."""
        expressions = [header for text in (self.change, self.stated) for header in headers_of(parse_expression(text))]
        return list(dict.fromkeys([*self.by, *self.order, *expressions]))
