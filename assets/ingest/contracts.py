"""Contracts as typed objects, read from `contracts/*.yml`: what every kind of extract must hold.

What is derived from a contract (casts, rules, suites, dbt sources) is with its user; only the declaration is here.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assets.documents import shipped_document
from assets.ingest.errors import ContractError

CONTRACTS_FOLDER = Path(__file__).parent / "contracts"


class ColumnType(StrEnum):
    """Kinds of value that a contract has; each has one DuckDB type."""

    TEXT = "text"
    ENUM = "enum"
    QUANTITY = "quantity"
    PRICE = "price"
    VALUE = "value"
    FACTOR = "factor"
    RATE = "rate"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"

    @property
    def duckdb(self) -> str:
        """The DuckDB type of docs/interfaces.md."""
        return _DUCKDB_TYPES[self]

    @property
    def is_numeric(self) -> bool:
        """True where sums and ranges make sense."""
        return self in _NUMERIC


_DUCKDB_TYPES = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.ENUM: "VARCHAR",
    ColumnType.QUANTITY: "DECIMAL(28,6)",
    ColumnType.PRICE: "DECIMAL(28,8)",
    ColumnType.VALUE: "DECIMAL(24,4)",
    ColumnType.FACTOR: "DECIMAL(28,10)",
    ColumnType.RATE: "DOUBLE",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
}
_NUMERIC = frozenset(
    {
        ColumnType.QUANTITY,
        ColumnType.PRICE,
        ColumnType.VALUE,
        ColumnType.FACTOR,
        ColumnType.RATE,
        ColumnType.INTEGER,
    }
)
# Codes take half-width form (rule R9); names and remarks keep what people wrote.
_CODE_ENDINGS = ("_code", "_no", "_id", "_key", "_uom", "barcode")


class Column(BaseModel):
    """One column of a contract or of the envelope."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: ColumnType
    nullable: bool
    meaning: str
    label_zh: str
    meaning_zh: str | None = None
    """For the dictionary of a public mart that passes the column on."""
    unit: str | None = None
    default: str | None = None
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] | None = None
    unless: tuple[str, ...] = ()
    """A required column may be empty where all of these are given: staging computes it from them."""

    @model_validator(mode="after")
    def _coherent(self) -> Column:
        if (self.type is ColumnType.ENUM) != (self.values is not None):
            raise ValueError("`values` goes with type enum, and only with it")
        if (self.min is not None or self.max is not None) and not self.type.is_numeric:
            raise ValueError("`min` and `max` go with a numeric type")
        if self.values is not None and self.default is not None and self.default not in self.values:
            raise ValueError(f"default {self.default!r} is not among the values")
        return self

    @property
    def is_required(self) -> bool:
        """True where a mapping must say how to get it: not nullable and without a default."""
        return not self.nullable and self.default is None

    @property
    def is_code(self) -> bool:
        """True for text that identifies something and is therefore read half-width."""
        return self.type is ColumnType.TEXT and self.name.endswith(_CODE_ENDINGS)


class Contract(BaseModel):
    """One kind of extract: its columns, natural key, scope date and the masters it refers to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(alias="contract")
    title: str
    label_zh: str
    meaning: str
    natural_key: tuple[str, ...]
    columns: dict[str, Column]
    scope_date: str | None = None
    references: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _name_columns(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("columns"), dict):
            return {**data, "columns": _named(data["columns"])}
        return data

    @model_validator(mode="after")
    def _coherent(self) -> Contract:
        for column in (*self.natural_key, *self.references, *([self.scope_date] if self.scope_date else [])):
            if column not in self.columns:
                raise ValueError(f"{column} is not a column of the contract")
        for one in self.columns.values():
            if set(one.unless) - self.columns.keys():
                raise ValueError(f"`unless` of {one.name} names no column of the contract")
        for column in self.natural_key:
            if self.columns[column].nullable:
                raise ValueError(f"key column {column} must not be nullable")
        return self

    def first_of_type(self, kind: ColumnType) -> str | None:
        """The leading column of a kind (required ones first): what batch totals add up."""
        of_kind = [column for column in self.columns.values() if column.type is kind]
        return min(of_kind, key=lambda column: column.nullable).name if of_kind else None


def _named(columns: dict[str, Any]) -> dict[str, Any]:
    return {name: ({**spec, "name": name} if isinstance(spec, dict) else spec) for name, spec in columns.items()}


def read_contract(path: Path) -> Contract:
    """Read one contract file; raises ContractError naming the file and the key."""
    try:
        return Contract.model_validate(shipped_document(path))
    except (ValidationError, yaml.YAMLError) as error:
        raise ContractError(f"{path.name}: {error}") from error


@lru_cache(maxsize=4)
def load_contracts(folder: Path = CONTRACTS_FOLDER) -> dict[str, Contract]:
    """All contracts by name, in name order. Raises ContractError on a bad file or an unknown reference."""
    contracts = {path.stem: read_contract(path) for path in sorted(folder.glob("[!_]*.yml"))}
    for stem, contract in contracts.items():
        if stem != contract.name:
            raise ContractError(f"{stem}.yml: declares contract {contract.name!r}; the file must bear its name")
        for column, master in contract.references.items():
            if master not in contracts or f"{master}_code" not in contracts[master].columns:
                raise ContractError(f"{stem}.yml: {column} refers to {master!r}, which is no master contract")
    return contracts


@lru_cache(maxsize=4)
def load_envelope(folder: Path = CONTRACTS_FOLDER) -> dict[str, Column]:
    """The columns that every landed row carries, in order."""
    data = shipped_document(folder / "_envelope.yml")
    return {name: Column.model_validate(spec) for name, spec in _named(data["columns"]).items()}


def landing_columns(contract: Contract) -> tuple[Column, ...]:
    """Columns of a landing view: the contract's, then the envelope's."""
    return (*contract.columns.values(), *load_envelope().values())


def ingest_order(contracts: dict[str, Contract] | None = None) -> list[str]:
    """Contract names with masters before what refers to them."""
    known = load_contracts() if contracts is None else contracts
    return sorted(known, key=lambda name: (bool(known[name].references), name))
