"""The public model as BI tools need it: tables, columns, relations and measures, in one language. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from assets.publish.kpis import Kpi, KpiCatalogue
from assets.publish.public import public_model

Language = Literal["en", "zh"]
ValueKind = Literal["text", "whole", "decimal", "double", "boolean", "date", "timestamp"]
_KINDS: dict[str, ValueKind] = {
    "VARCHAR": "text", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp",
    "DOUBLE": "double", "FLOAT": "double",
}  # fmt: skip
_ADDED_UP = frozenset({"units", "currency", "lines", "unit days", "unit days2", "document currency"})
_NAMESPACE = uuid.UUID("7d1cbb2e-6f5e-5f0a-9a52-6a3c3b0a1c11")  # of the ids that tools want; the same for the same name


class UnknownColumnError(ValueError):
    """The KPI catalogue names a column that the release does not have."""


@dataclass(frozen=True)
class BiColumn:
    """A column: its name in the database, and the name and description that people see."""

    name: str
    kind: ValueKind
    unit: str
    label: str
    description: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_added_up(self) -> bool:
        """A quantity or amount, which sums; a ratio, cost of a unit or day count never does."""
        return self.unit in _ADDED_UP and self.kind in ("whole", "decimal", "double")


@dataclass(frozen=True)
class Relation:
    """A key of a fact to the dimension that has it. One of a fact to each dimension is `is_active`: tools follow that one."""

    table: str
    column: str
    to_table: str
    to_column: str
    is_active: bool


@dataclass(frozen=True)
class BiTable:
    """A public mart; `key` are the columns of its grain."""

    name: str
    label: str
    description: str
    key: tuple[str, ...]
    columns: tuple[BiColumn, ...]

    def column(self, name: str) -> BiColumn:
        """Raises UnknownColumnError where there is none of the name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownColumnError(f"{self.name} has no column {name}")


@dataclass(frozen=True)
class Measure:
    """A KPI as a measure of a public mart: sum of `numerator` / sum of `denominator` over the rows of `condition` (SQL).

    `name` is `kpi_<KPI>`: some marts have a column of the KPI's own name, for a row.
    """

    name: str
    label: str
    description: str
    kind: str
    table: str
    condition: str
    numerator: str
    denominator: str


@dataclass(frozen=True)
class BiModel:
    """All of it. `contract_version` is that of public.yml; `language` that of labels and descriptions."""

    language: Language
    contract_version: int
    tables: tuple[BiTable, ...]
    relations: tuple[Relation, ...]
    measures: tuple[Measure, ...]

    def table(self, name: str) -> BiTable:
        """Raises KeyError where there is none."""
        return {table.name: table for table in self.tables}[name]

    def of_table(self, name: str) -> tuple[Measure, ...]:
        return tuple(measure for measure in self.measures if measure.table == name)


def stable_id(*parts: str) -> str:
    """An id that is the same in every export for the same thing."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def bi_model(
    marts: Sequence[Mapping[str, Any]],
    dictionary: Mapping[str, Mapping[str, Any]],
    version: int,
    language: Language,
    kpis: KpiCatalogue,
) -> BiModel:
    """The model of a release.

    Args:
        marts: the public marts (`Release.public_marts`), each with name, columns and references.
        dictionary: the release's dictionary by mart.
        version: contract version of the public marts.
        kpis: those of the release, of which measures are made.

    Raises:
        UnknownColumnError: the release is older than a KPI of the catalogue.
    """
    tables = tuple(_table(mart, dictionary.get(mart["name"], {}), language) for mart in marts)
    known = {table.name: table for table in tables}
    measures = tuple(
        _measure(name, kpi, known[base.model], base.where, language)
        for base_name, base in kpis.bases.items()
        if base.model in known
        for name, kpi in kpis.of_base(base_name).items()
        if not kpi.distinct
    )
    return BiModel(language, version, tables, tuple(_relations(marts, known)), measures)


def _table(mart: Mapping[str, Any], words: Mapping[str, Any], language: Language) -> BiTable:
    described = {one["name"]: one for one in (*words.get("columns", ()), *words.get("added_columns", ()))}
    taken: set[str] = set()
    columns = []
    for column in mart["columns"]:
        told = described.get(column["name"], {})
        label = told.get(f"label_{language}") or column["name"]
        label = f"{label} ({column['name']})" if label in taken else label
        taken.add(label)
        values = {code: names[language] for code, names in told.get("values", {}).items()}
        text = _text(told, language)
        columns.append(BiColumn(column["name"], _kind(column["type"]), told.get("unit", ""), label, text, values))
    names = {column.name for column in columns}
    key = tuple(name for name in words.get("grain", ()) if name in names)
    return BiTable(
        mart["name"], words.get(f"label_{language}") or mart["name"], _text(words, language), key, tuple(columns)
    )


def _text(words: Mapping[str, Any], language: Language) -> str:
    return str((words.get("description_zh") if language == "zh" else "") or words.get("description", ""))


def _kind(kind: str) -> ValueKind:
    if kind in _KINDS:
        return _KINDS[kind]
    return "decimal" if kind.startswith("DECIMAL") else "whole" if "INT" in kind else "text"


def _relations(marts: Sequence[Mapping[str, Any]], known: Mapping[str, BiTable]) -> list[Relation]:
    """Keys of dimensions to other dimensions are left out of what tools follow: a fact would reach one by two ways."""
    found = []
    for mart in marts:
        reached: set[str] = set()
        dates = public_model().of(mart["name"]).dates  # in the order of public.yml: the first is the fact's own date
        keys = mart.get("references", {})
        for column, target in sorted(keys.items(), key=lambda one: dates.index(one[0]) if one[0] in dates else -1):
            table, _, key = target.partition(".")
            if table not in known:
                continue
            is_active = not mart["name"].startswith("dim_") and table not in reached
            reached.add(table)
            found.append(Relation(mart["name"], column, table, key, is_active))
    return found


def _measure(name: str, kpi: Kpi, table: BiTable, where: str, language: Language) -> Measure:
    label = kpi.label.zh if language == "zh" else kpi.label.en
    if label in {column.label for column in table.columns}:  # a tool takes no measure under the name of a column
        label = f"{label} (KPI)"
    condition = where if kpi.known == "true" else f"({where}) and ({kpi.known})"
    return Measure(f"kpi_{name}", label, kpi.meaning, kpi.kind, table.name, condition, kpi.numerator, kpi.denominator)
