"""The mapping language (docs/mapping.md) as typed objects: its schema, without looking at contracts or data."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping as PlainMapping
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from assets.ingest.errors import MappingError
from assets.ingest.mapping.column_rules import ColumnRule, Scalar, Told
from assets.ingest.mapping.file_keys import PLAIN_FILE, Delimiter, Records, TableFile, check_header
from assets.ingest.mapping.row_keys import COMBINED, POSITION, ROW_NUMBER, Balance, Combine, KeepFirst, Signs, Unpivot
from assets.ingest.mapping.source_keys import Paging, Source, Watermark
from assets.ingest.mapping.table_keys import Join, Tenant, check_table
from assets.ingest.mapping.value_checks import (
    check_expression,
    check_files,
    check_formats,
    check_pattern,
    code_text,
    expand_columns,
)

MAPPABLE_ENVELOPE = ("source_status", "source_created_at", "source_updated_at", "is_deleted")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Branch(_Strict):
    """One kind of contract row that a source row yields."""

    columns: dict[str, ColumnRule] = {}
    where: str | None = None
    keep_first: KeepFirst | None = None

    _allowed = field_validator("where")(check_expression)

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, columns: Any) -> Any:
        return expand_columns(columns)


class _Table(_Strict):
    """Where rows come from and what becomes of them: what a dataset and a part of its union have in common."""

    files: str | None = None
    table: str | None = None
    join: tuple[Join, ...] = ()
    columns: dict[str, ColumnRule] = {}
    rows: tuple[Branch, ...] = ()
    where: str | None = None
    optional_columns: tuple[str, ...] = ()
    required: bool = False
    source: Source | None = None

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, columns: Any) -> Any:
        return expand_columns(columns)

    _allowed = field_validator("where")(check_expression)

    @field_validator("files")
    @classmethod
    def _inside(cls, pattern: str | None) -> str | None:
        return check_files(pattern)

    @field_validator("table")
    @classmethod
    def _named(cls, table: str | None) -> str | None:
        return check_table(table)


class Part(_Table):
    """One document table of a union: what it adds to the dataset that it belongs to."""

    name: str = Field(pattern=r"^\w[\w.-]*$")
    watermark: Watermark | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Part:
        if (self.files is None) == (self.table is None):
            raise ValueError("give exactly one of `files` and `table`")
        return self


class Dataset(_Table):
    """Files or tables of one kind and the contract they fill."""

    name: str
    contract: str
    union: tuple[Part, ...] = ()
    watermark: Watermark = Watermark(kind="full")
    paging: Paging = Paging()
    sheet: str | None = None
    sheets: str | None = None
    header_row: int = Field(default=1, ge=1)
    header: tuple[str, ...] = ()
    delimiter: Delimiter | None = None
    records: Records | None = None
    extract_date: str | dt.date | None = None
    scope: Literal["key", "period", "full"]
    scope_by: Literal["warehouse_code"] | None = None
    unknown_columns: Literal["ext", "drop", "fail"] = "ext"
    combine: Combine | None = None
    balance: Balance | None = None
    kind: str | None = None
    synonyms: dict[str, tuple[str, ...]] = {}
    otherwise: dict[str, tuple[str, ...]] = {}
    fill_down: tuple[str, ...] = ()
    told_by: dict[str, Told] = {}
    signs: Signs | None = None
    unpivot: Unpivot | None = None
    position_by: tuple[str, ...] = ()
    repeated_rows: Literal["keep", "drop"] = "keep"
    date_formats: tuple[str, ...] = ()
    allow_empty: bool = False
    is_module: bool = False  # part of a system that a company may not have: a missing table is no delivery, no mistake
    _extracts: dict[str, TableFile] = PrivateAttr(default_factory=dict)
    _tenant: Tenant | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _one_place(self) -> Dataset:
        is_remote = self.source is not None and self.source.kind == "http"
        if sum(bool(place) for place in (self.files, self.table, self.union)) != 1 and not (
            is_remote and self.table is None and not self.union
        ):
            raise ValueError("give exactly one of `files`, `table` and `union`")
        if (self.join or self.combine) and self.files is not None:
            raise ValueError("`join` and `combine` go with `table`")
        if self.scope_by is not None and self.scope != "period":
            raise ValueError("`scope_by` goes with `scope: period`")
        if self.sheets is not None and (self.sheet is not None or self.files is None):
            raise ValueError("`sheets` goes with `files`, and without `sheet`")
        if self.header and self.records is not None:
            raise ValueError("`records` have names of their own; leave `header` out")
        if (self.header or self.records is not None) and self.files is None:
            raise ValueError("how the extracts of a table look is in `tables` of the mapping")
        return self

    @field_validator("header")
    @classmethod
    def _each_once(cls, header: tuple[str, ...]) -> tuple[str, ...]:
        return check_header(header)

    @field_validator("date_formats")
    @classmethod
    def _formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        return check_formats(formats)

    _pattern = field_validator("sheets")(check_pattern)

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

    def with_extracts(self, tables: PlainMapping[str, TableFile]) -> Dataset:
        """The dataset knowing how the extracts of its tables look (`tables` of the mapping)."""
        dataset = self.model_copy()
        dataset._extracts = {name.casefold(): extract for name, extract in tables.items()}
        is_shaped = self.table is not None and self.table.casefold() in dataset._extracts
        return dataset.reading(self.table or "") if is_shaped else dataset

    def of_tenant(self, tenant: Tenant | None) -> Dataset:
        """The dataset reading the rows of one tenant of the system (`tenant` of the mapping)."""
        if tenant is None or self.table is None:
            return self
        both = [text for text in (self.where, tenant.condition) if text is not None]
        changed: dict[str, Any] = {"where": " and ".join(f"({text})" for text in both)}
        changed["optional_columns"] = (*self.optional_columns, tenant.column)
        if self.combine is not None:
            changed["combine"] = self.combine.model_copy(update={"by": (*self.combine.by, tenant.column)})
        dataset = self.model_copy(update=changed)
        dataset._tenant = tenant
        return dataset

    @property
    def tenant(self) -> Tenant | None:
        """The column that parts the tenants of the system, where tables have one."""
        return self._tenant

    def reading(self, table: str) -> Dataset:
        """The dataset with the shape of the extracts of one of its tables."""
        extract = self._extracts.get(table.casefold(), PLAIN_FILE)
        shape = {"header": extract.header, "delimiter": extract.delimiter, "records": extract.records}
        return self.model_copy(update=shape)

    def file_of(self, table: str) -> str | None:
        """Pattern of the names of a table's extracts; None where they bear the name of the table."""
        return self._extracts.get(table.casefold(), PLAIN_FILE).file

    @property
    def is_read_as_it_stands(self) -> bool:
        """True where rows are those of one file, to which nothing is joined and nothing added."""
        return self.table is None and not self.optional_columns and self.combine is None and self.balance is None

    @property
    def is_one_table(self) -> bool:
        """True where rows are those of one table, to which nothing is joined and nothing added."""
        extended = bool(self.join or self.optional_columns or self.combine or self.balance)
        return self.table is not None and not extended

    @property
    def is_whole(self) -> bool:
        """True where a row is read by what others of its file say, so that the file must be read at once."""
        is_cut_short = any(branch.keep_first is not None for branch in self.branches)
        return bool(self.signs or self.fill_down or self.told_by or self.is_reshaped or is_cut_short)

    @property
    def is_reshaped(self) -> bool:
        """True where rows depend on the others of their file, or are not those of the file."""
        asks = {header for branch in self.branches for rule in branch.columns.values() for header in rule.headers}
        return self.unpivot is not None or self.repeated_rows == "drop" or bool(asks & {ROW_NUMBER, POSITION})

    def spellings(self, header: str) -> tuple[str, ...]:
        """Every name under which a file may have a header."""
        return (header, *self.synonyms.get(header, ()), *self.otherwise.get(header, ()))

    @property
    def condition(self) -> str | None:
        """Which rows are read: `where`, and of rows that were added up only the one that carries the sum."""
        if self.combine is None:
            return self.where
        first = f'"{COMBINED}" is null'
        return f"({self.where}) and {first}" if self.where is not None else first

    @property
    def place(self) -> str:
        """Where the rows come from, as people name it: the pattern of the files or the table."""
        return self.files or self.table or self.name

    @property
    def parts(self) -> tuple[Dataset, ...]:
        """The datasets that are read: this one, or one for each table of its union."""
        return tuple(self._with(part) for part in self.union) or (self,)

    def _with(self, part: Part) -> Dataset:
        both = [text for text in (self.where, part.where) if text is not None]
        return self.model_copy(
            update={
                "name": f"{self.name}.{part.name}",
                "files": part.files,
                "table": part.table,
                "union": (),
                "join": (*self.join, *part.join),
                "columns": {**self.columns, **part.columns},
                "rows": part.rows or self.rows,
                "where": " and ".join(f"({text})" for text in both) or None,
                "optional_columns": (*self.optional_columns, *part.optional_columns),
                "required": self.required or part.required,
                "source": part.source or self.source,
                "watermark": part.watermark or self.watermark,
            }
        )

    @property
    def branches(self) -> tuple[Branch, ...]:
        """What a source row yields, each branch with its own columns over those of the dataset."""
        if not self.rows:
            return (Branch(columns=self.columns),)
        return tuple(branch.model_copy(update={"columns": {**self.columns, **branch.columns}}) for branch in self.rows)


BUILT_IN_PARAMETERS = ("instance", "company", "is_first_instance", "is_last_instance", "owns_movements")


class Parameter(_Strict):
    """A value that the configuration of a source may set; without a default it must."""

    default: Scalar | None = None
    meaning: str


class Entity(_Strict):
    """How sure the mapping is of one entity, for the vendor matrix: seen in a public source or not, and what is lost."""

    verified: Literal["yes", "partly", "no"]
    degrades: str = ""


class Mapping(_Strict):
    """A vendor's extracts in terms of the contracts."""

    mapping: str
    version: int = Field(ge=1)
    title: str = ""
    source_system: str
    capabilities: dict[str, bool] = {}
    parameters: dict[str, Parameter] = {}
    entities: dict[str, Entity] = {}
    enums: dict[str, dict[str, Scalar | None]] = {}
    tables: dict[str, TableFile] = {}
    tenant: Tenant | None = None
    date_formats: tuple[str, ...] = ()
    declared: tuple[Dataset, ...] = Field(min_length=1, alias="datasets")

    @cached_property
    def datasets(self) -> tuple[Dataset, ...]:
        """What is read, unions taken apart."""
        parts = (
            part.with_extracts(self.tables).of_tenant(self.tenant)
            for dataset in self.declared
            for part in dataset.parts
        )
        return tuple(
            part if part.date_formats else part.model_copy(update={"date_formats": self.date_formats}) for part in parts
        )

    @field_validator("date_formats")
    @classmethod
    def _formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        return check_formats(formats)

    @field_validator("parameters")
    @classmethod
    def _free_names(cls, parameters: dict[str, Parameter]) -> dict[str, Parameter]:
        for name in parameters:
            if name in BUILT_IN_PARAMETERS or not name.isidentifier():
                raise ValueError(f"{name!r} cannot be the name of a parameter")
        return parameters

    @field_validator("enums", mode="before")
    @classmethod
    def _texts(cls, enums: Any) -> Any:
        """YAML reads 1, yes or 2024-01-01 as other things than text; codes are text."""
        if not isinstance(enums, dict):
            return enums
        return {
            name: {code_text(code): value for code, value in codes.items()} if isinstance(codes, dict) else codes
            for name, codes in enums.items()
        }

    @field_validator("enums")
    @classmethod
    def _with_default(cls, enums: dict[str, dict[str, Scalar | None]]) -> dict[str, dict[str, Scalar | None]]:
        for name, codes in enums.items():
            if "_default" not in codes:
                raise ValueError(f"{name}: `_default` must say what an unknown code means: fail, null or a value")
        return enums

    def parameter_values(
        self, given: PlainMapping[str, Scalar], built_in: PlainMapping[str, Scalar]
    ) -> dict[str, Scalar]:
        """Values of all parameters for a source; raises MappingError for one that is unknown or has no value."""
        unknown = sorted(set(given) - set(self.parameters))
        if unknown:
            known = ", ".join(self.parameters) or "none"
            raise MappingError(f"mapping {self.mapping} has no parameter {', '.join(unknown)}; it has: {known}")
        values = {name: given.get(name, parameter.default) for name, parameter in self.parameters.items()}
        missing = [name for name, value in values.items() if value is None]
        if missing:
            raise MappingError(
                f"mapping {self.mapping} needs a value for {', '.join(missing)}: set `parameters` of the source in the "
                "configuration"
            )
        return {**{name: value for name, value in values.items() if value is not None}, **built_in}

    def feeds(self, contract: str) -> list[Dataset]:
        """Datasets that fill a contract."""
        return [dataset for dataset in self.datasets if dataset.contract == contract]
