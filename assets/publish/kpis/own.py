"""A company's own KPIs: `kpis.yml` of its dbt project, declared as the product's are, and checked before dbt sees them.

What follows from the file for dbt and MetricFlow is written beside it (dbt_files.py) whenever the project is prepared, so that a
`dbt build` by hand builds the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlglot
from pydantic import BaseModel, ConfigDict, Field
from sqlglot import exp

from assets.documents import DocumentError, line_of, parse_document, parse_keys, read_text, shipped_document
from assets.publish.kpis.catalogue import Base, Kpi, KpiCatalogue, catalogue_with, kpi_catalogue
from assets.publish.kpis.dbt_files import OWN_SAID, PROJECT, own_files
from assets.whole_files import write_whole

FILE = "kpis.yml"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FORMULAS = ("known", "numerator", "denominator", "distinct", "failed")


class OwnKpis(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kpis: Mapping[str, Kpi] = Field(min_length=1)


def own_kpis(project: Path) -> Mapping[str, Kpi]:
    """The KPIs that a dbt project declares, by name; none where it has no `kpis.yml`.

    Args:
        project: the folder of the dbt project.

    Raises:
        assets.documents.DocumentError: the file cannot be used; one sentence per mistake.
    """
    path = project / FILE
    if not path.is_file():
        return {}
    text = read_text(path)
    declared = parse_document(text, OwnKpis, name=str(path)).kpis
    _, node = parse_keys(text, name=str(path))
    found = [
        f"{path}, line {line_of(node, key)}: '{'.'.join(key)}': {fault}"
        for name, kpi in declared.items()
        for key, fault in ((("kpis", name, *part), fault) for part, fault in _faults(name, kpi))
    ]
    if found:
        raise DocumentError("\n".join(found))
    return {name: _closed(kpi) for name, kpi in declared.items()}


def _closed(kpi: Kpi) -> Kpi:
    """With brackets around conditions: the SQL of the catalogue puts `and` between them."""
    return kpi.model_copy(
        update={part: f"({text})" for part in ("known", "failed") if (text := getattr(kpi, part)) not in ("", "true")}
    )


def stated_kpis(declared: Mapping[str, Any]) -> KpiCatalogue:
    """The catalogue that holds for a release, from the own KPIs that its manifest states (`declarations`)."""
    return catalogue_with({name: Kpi.model_validate(one) for name, one in declared.items()})


def declarations(catalogue: KpiCatalogue) -> dict[str, Any]:
    """The own KPIs of a catalogue as data, for the manifest of a release."""
    return {name: kpi.model_dump() for name, kpi in catalogue.kpis.items() if name in catalogue.own}


def write_own_files(project: Path) -> None:
    """Bring the macros and metrics of a company's dbt project to what its `kpis.yml` says; nothing is written where they are.

    Raises:
        assets.documents.DocumentError: the file cannot be used, or the project cannot be written to.
    """
    own = own_kpis(project)
    for path, text in own_files(project, kpi_catalogue().bases, own).items():
        try:
            found = path.read_text(encoding="utf-8") if path.is_file() else None
            is_ours = found is None or OWN_SAID in found
            if own and not is_ours:
                raise DocumentError(f"{path} would be written from {project / FILE}, and is a file of yours; rename it")
            if not own and found is not None and is_ours:
                path.unlink()
            elif own and found != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, text)
        except OSError as error:
            raise DocumentError(
                f"{path} follows from {project / FILE} and cannot be written: {error.strerror}"
            ) from error


def _faults(name: str, kpi: Kpi) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with a declaration: below which key of it, and what."""
    shipped = kpi_catalogue()
    if not _NAME.fullmatch(name):
        yield (), "a name is of small letters, digits and _, a letter first"
    if name in shipped.kpis:
        yield (), "the product has a KPI of this name; choose another"
    if kpi.base not in shipped.bases:
        yield ("base",), f"there is no base {kpi.base}; there are {', '.join(shipped.bases)}"
        return
    if (kpi.kind == "money") != kpi.is_amount:
        yield ("kind",), "a KPI of kind money has no denominator, one of another kind has one"
    elif kpi.kind == "money" and not kpi.is_money:
        yield ("numerator",), "a KPI of kind money adds up columns that end in _value or _value_365"
    for part in _FORMULAS:
        if text := getattr(kpi, part):
            for fault in _formula_faults(text, shipped.bases[kpi.base]):
                yield (part,), fault


def _formula_faults(text: str, base: Base) -> Iterator[str]:
    """What is wrong with an expression over one row of the base."""
    if any(mark in text for mark in ("{{", "{%", "{#", ";")):
        yield "an SQL expression, without Jinja and semicolons"
        return
    try:
        expression = sqlglot.parse_one(text, read="duckdb")
    except sqlglot.errors.SqlglotError:
        yield f"no SQL expression: {text}"
        return
    if expression.find(exp.AggFunc, exp.Query, exp.Window):
        yield "an expression over one row: the KPI adds up the rows itself"
    columns = _columns(base.model)
    unknown = sorted({column.name for column in expression.find_all(exp.Column)} - columns)
    if unknown:
        yield f"{base.model} has no column {', '.join(unknown)}"


@lru_cache(maxsize=4)
def _columns(mart: str) -> frozenset[str]:
    """Columns of a mart of the product, by its yml."""
    [path] = PROJECT.glob(f"models/*/{mart}.yml")
    [model] = [one for one in shipped_document(path)["models"] if one["name"] == mart]
    return frozenset(column["name"] for column in model["columns"])
