"""How one contract column is got from a source row: a part of the mapping language (docs/mapping.md)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from assets.ingest.mapping.expressions import headers_of, parse_expression
from assets.ingest.mapping.value_checks import check_expression, check_formats

Scalar = str | int | float | bool


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ColumnRule(_Strict):
    """How one contract column is got: from a header, an expression or a constant.

    A number may be given a `sign` (an expression that yields 1, -1 or 0), a unit `factor` that it is multiplied by, and a
    price unit `per` that it is divided by; where one of these is missing the row is wrong, never the number.
    """

    from_: str | None = Field(default=None, alias="from")
    expr: str | None = None
    const: Scalar | None = None
    enum: str | None = None
    formats: tuple[str, ...] = ()
    optional: bool = False
    sign: str | None = None
    factor: str | None = None
    per: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> ColumnRule:
        if sum(way is not None for way in (self.from_, self.expr, self.const)) != 1:
            raise ValueError("give exactly one of `from`, `expr` and `const`")
        if self.const is not None and (self.enum or self.formats):
            raise ValueError("`enum` and `formats` do not go with `const`")
        if self.optional and self.from_ is None:
            raise ValueError("`optional` goes with `from`")
        if self.is_scaled and (self.const is not None or self.enum is not None or self.optional):
            raise ValueError("`sign`, `factor` and `per` go with a number from `from` or `expr`")
        return self

    @property
    def is_scaled(self) -> bool:
        """True where the number that is read is not yet the value."""
        return (self.sign, self.factor, self.per) != (None, None, None)

    @property
    def expressions(self) -> tuple[str, ...]:
        """Every expression of the rule."""
        return tuple(text for text in (self.expr, self.sign, self.factor, self.per) if text is not None)

    @property
    def headers(self) -> list[str]:
        """Source headers that the rule reads."""
        own = [self.from_] if self.from_ is not None else []
        return [*own, *(header for text in self.expressions for header in headers_of(parse_expression(text)))]

    _allowed = field_validator("expr", "sign", "factor", "per")(check_expression)

    @field_validator("formats")
    @classmethod
    def _formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        return check_formats(formats)


class Told(_Strict):
    """What a missing header is where the column `filled` is filled, and where it is not."""

    filled: str
    then: str
    otherwise: str
