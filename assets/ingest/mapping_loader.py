"""Reads a mapping file, checks it against its schema and the contracts, and reports every mistake with file, line
and key."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assets.ingest.contracts import ColumnType, Contract, load_contracts, load_envelope
from assets.ingest.errors import MappingError
from assets.ingest.mapping import MAPPABLE_ENVELOPE, ColumnRule, Dataset, Mapping, enum_type_values
from assets.ingest.yaml_lines import KeyPath, Located, read_located

MAPPINGS_FOLDER = Path(__file__).parent / "mappings"
Problem = tuple[KeyPath, str]


def mapping_path(name: str) -> Path:
    """The file of a mapping: a shipped one by name, or any file by a path that ends in .yml."""
    if name.endswith((".yml", ".yaml")):
        return Path(name)
    if not re.fullmatch(r"\w[\w-]*", name):
        raise MappingError(f"{name!r} is neither the name of a mapping nor a path to a .yml file")
    path = MAPPINGS_FOLDER / f"{name}.yml"
    if not path.is_file():
        shipped = ", ".join(sorted(found.stem for found in MAPPINGS_FOLDER.glob("*.yml"))) or "none"
        raise MappingError(f"there is no mapping {name!r}; known are: {shipped}")
    return path


def load_mapping(name: str) -> Mapping:
    """A checked mapping by name or path. Raises MappingError listing every mistake."""
    path = mapping_path(name)
    if not path.is_file():
        raise MappingError(f"{path.name}: no such mapping file")
    return _load(path.resolve(), path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _load(path: Path, _changed: int) -> Mapping:
    return parse_mapping(read_located(path), load_contracts())


def parse_mapping(document: Located, contracts: dict[str, Contract]) -> Mapping:
    """Check a located YAML document and return it typed."""
    if not isinstance(document.data, dict):
        raise MappingError(f"{document.file}:1: a mapping file holds keys and values")
    try:
        mapping = Mapping.model_validate(document.data)
    except ValidationError as error:
        lines = [
            f"{document.place(_key_path(item['loc']))}: {_sentence(item['type'], item['msg'])}"
            for item in error.errors(include_url=False)
        ]
        raise MappingError("\n".join(dict.fromkeys(lines))) from error
    problems = [
        problem
        for index, dataset in enumerate(mapping.datasets)
        for problem in _dataset_problems(mapping, dataset, ("datasets", index), contracts)
    ]
    names = [dataset.name for dataset in mapping.datasets]
    problems += [
        (("datasets", index, "name"), f"{name!r} names two datasets")
        for index, name in enumerate(names)
        if name in names[:index]
    ]
    if problems:
        raise MappingError("\n".join(f"{document.place(path)}: {message}" for path, message in problems))
    return mapping


def _key_path(location: tuple[Any, ...]) -> KeyPath:
    """Pydantic's location without its markers of union members."""
    return tuple(part for part in location if part not in ("str", "int", "float", "bool", "date", "[key]"))


def _sentence(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such key in the mapping language"
    if kind == "missing":
        return "is missing"
    return message.removeprefix("Value error, ")


def _dataset_problems(
    mapping: Mapping, dataset: Dataset, path: KeyPath, contracts: dict[str, Contract]
) -> list[Problem]:
    contract = contracts.get(dataset.contract)
    if contract is None:
        return [((*path, "contract"), f"there is no contract {dataset.contract!r}; known are: {', '.join(contracts)}")]
    problems: list[Problem] = []
    if dataset.scope == "period" and contract.scope_date is None:
        problems.append(((*path, "scope"), f"contract {contract.name} has no scope date; use key or full"))
    for number, branch in enumerate(dataset.branches):
        branch_path = (*path, "rows", number) if dataset.rows else path
        missing = [
            column.name
            for column in contract.columns.values()
            if column.is_required and column.name not in branch.columns
        ]
        if missing:
            problems.append(
                (
                    (*branch_path, "columns"),
                    f"required by contract {contract.name} but not mapped: {', '.join(missing)}",
                )
            )
        own = set(dataset.rows[number].columns) if dataset.rows else set()
        for name, rule in branch.columns.items():
            where = (*(branch_path if name in own else path), "columns", name)
            problems += _column_problems(mapping, name, rule, where, contract)
    return list(dict.fromkeys(problems))


def _column_problems(
    mapping: Mapping, name: str, rule: ColumnRule, where: KeyPath, contract: Contract
) -> list[Problem]:
    column = contract.columns.get(name) or (load_envelope()[name] if name in MAPPABLE_ENVELOPE else None)
    if column is None:
        return [(where, f"contract {contract.name} has no column {name!r}")]
    if rule.const is not None and column.values is not None and str(rule.const) not in column.values:
        return [(where, f"{rule.const!r} is not one of {', '.join(column.values)}")]
    if rule.enum is None:
        return []
    return [((*where, "enum"), text) for text in _enum_problems(mapping, rule, column.type, column.values)]


def _enum_problems(mapping: Mapping, rule: ColumnRule, kind: ColumnType, values: tuple[str, ...] | None) -> list[str]:
    codes = mapping.enums.get(rule.enum or "")
    if codes is None:
        return [f"there is no enum {rule.enum!r} in this mapping"]
    if not enum_type_values(kind):
        return [f"an enum cannot give a {kind.value}"]
    if values is None:
        return []
    return [
        f"{rule.enum}: {code!r} gives {value!r}, which is not one of {', '.join(values)}"
        for code, value in codes.items()
        if value not in values and value is not None and not (code == "_default" and value in ("fail", "null"))
    ]
