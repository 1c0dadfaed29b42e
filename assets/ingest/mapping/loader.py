"""Reads a mapping file, checks it against its schema and the contracts, and reports every mistake with file, line
and key."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assets.ingest.contracts import ColumnType, Contract, load_contracts, load_envelope
from assets.ingest.describe.kinds import known_kinds
from assets.ingest.errors import MappingError
from assets.ingest.mapping.column_rules import ColumnRule
from assets.ingest.mapping.expressions import parameters_of, parse_expression
from assets.ingest.mapping.extends import extend
from assets.ingest.mapping.language import (
    BUILT_IN_PARAMETERS,
    MAPPABLE_ENVELOPE,
    Dataset,
    Mapping,
)
from assets.ingest.mapping.row_keys import CHANGE, COMBINED, POSITION, ROW_NUMBER
from assets.ingest.mapping.source_keys import RESERVED
from assets.ingest.mapping.value_checks import enum_type_values
from assets.ingest.mapping.yaml_lines import KeyPath, Located, read_located
from assets.ingest.reading.header_match import dataset_headers
from assets.ingest.reading.raw_table import normal_header

MAPPINGS_FOLDER = Path(__file__).parents[1] / "mappings"
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
    return parse_mapping(read_document(path), load_contracts())


def read_document(path: Path) -> Located:
    """A mapping file with what it takes over from the mapping that it extends."""
    return extend(read_located(path), lambda name: read_document(mapping_path(name)))


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
        # Without the cause: a step of a run shows the first error of a chain.
        raise MappingError("\n".join(dict.fromkeys(lines))) from None
    problems = [
        problem
        for index, declared in enumerate(mapping.declared)
        for problem in _declared_problems(mapping, declared, ("datasets", index), contracts)
    ]
    names = [dataset.name for dataset in mapping.declared]
    problems += [
        (("datasets", index, "name"), f"{name!r} names two datasets")
        for index, name in enumerate(names)
        if name in names[:index]
    ]
    # A mapping that builds on another one may leave the readers of its tables out.
    own = [name for name in mapping.tables if document.place(("tables", name)).startswith(f"{document.file}:")]
    problems += _extract_problems(mapping, own)
    if mapping.tenant is not None and mapping.tenant.parameter not in mapping.parameters:
        problems.append((("tenant", "parameter"), f"parameter {mapping.tenant.parameter!r} is declared nowhere"))
    problems += [
        (("entities", name), f"there is no contract {name!r}") for name in mapping.entities if name not in contracts
    ]
    if problems:
        raise MappingError("\n".join(f"{document.place(path)}: {message}" for path, message in problems))
    return mapping


def _key_path(location: tuple[Any, ...]) -> KeyPath:
    """Pydantic's location without its markers of union members."""
    return tuple(
        part for part in location if part not in ("str", "int", "float", "bool", "date", "sql", "http", "[key]")
    )


def _sentence(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such key in the mapping language"
    if kind == "missing":
        return "is missing"
    return message.removeprefix("Value error, ")


def _declared_problems(
    mapping: Mapping, declared: Dataset, path: KeyPath, contracts: dict[str, Contract]
) -> list[Problem]:
    """Mistakes of a dataset as it is in the file, each table of a union by itself."""
    contract = contracts.get(declared.contract)
    if contract is None:
        known = ", ".join(contracts)
        return [((*path, "contract"), f"there is no contract {declared.contract!r}; known are: {known}")]
    problems: list[Problem] = []
    if declared.scope == "period" and contract.scope_date is None:
        problems.append(((*path, "scope"), f"contract {contract.name} has no scope date; use key or full"))
    problems += _file_problems(mapping, declared, path)
    parts = [part.name for part in declared.union]
    for number, name in enumerate(parts):
        if name in parts[:number]:
            problems.append(((*path, "union", number, "name"), f"{name!r} names two parts"))
    for number, dataset in enumerate(declared.parts):
        part = declared.union[number] if declared.union else None
        place = (*path, "union", number) if part is not None else path
        rows_place = place if part is None or part.rows else path
        problems += _join_problems(declared, dataset, path, place)
        problems += _expression_problems(mapping, dataset, place)
        for at, branch in enumerate(dataset.branches):
            branch_place = (*rows_place, "rows", at) if dataset.rows else place
            missing = [
                column.name
                for column in contract.columns.values()
                if column.is_required
                and column.name not in branch.columns
                and not (column.unless and branch.columns.keys() >= set(column.unless))
            ]
            if missing:
                text = f"required by contract {contract.name} but not mapped: {', '.join(missing)}"
                problems.append(((*branch_place, "columns"), text))
            in_branch = set(dataset.rows[at].columns) if dataset.rows else set()
            for name, rule in branch.columns.items():
                in_part = part is not None and name in part.columns
                owner = branch_place if name in in_branch else (place if in_part else path)
                problems += _column_problems(mapping, name, rule, (*owner, "columns", name), contract)
    return list(dict.fromkeys(problems))


def _extract_problems(mapping: Mapping, own_tables: list[str]) -> list[Problem]:
    """Extracts of tables that nothing reads, and columns that the list of a file without header does not name."""
    problems: list[Problem] = []
    read: set[str] = set()
    for dataset in mapping.datasets:
        must, _ = dataset_headers(dataset)
        by_alias: dict[str, list[str]] = {}
        for header in [*must, *(target for join in dataset.join for target in join.on.values())]:
            alias, dot, name = header.rpartition(".")
            by_alias.setdefault(alias, []).append(name if dot else header)
        for join in dataset.join:
            by_alias.setdefault(join.alias, []).extend([*join.on, *join.condition_headers])
        named = [("", dataset.table, dataset)] if dataset.table is not None else []
        named += [(join.alias, join.table, dataset.reading(join.table)) for join in dataset.join]
        read |= {table.casefold() for _, table, _ in named}
        for alias, table, shape in named or [("", dataset.name, dataset)]:
            known = {normal_header(name) for name in (*shape.header, *RESERVED, COMBINED, CHANGE, ROW_NUMBER, POSITION)}
            known |= {normal_header(name) for name in dataset.optional_columns}
            missing = [name for name in by_alias.get(alias, ()) if shape.header and normal_header(name) not in known]
            place: KeyPath = ("tables", table, "header") if dataset.table is not None else ("datasets",)
            problems += [(place, f"dataset {dataset.name} reads {name!r}, which it does not name") for name in missing]
    unread = [name for name in own_tables if name.casefold() not in read]
    return problems + [(("tables", name), "no dataset reads this table") for name in unread]


def _file_problems(mapping: Mapping, declared: Dataset, path: KeyPath) -> list[Problem]:
    """A kind of file that there is not or that holds something else; signs by an enum or a parameter that there is not."""
    problems: list[Problem] = []
    kind = known_kinds().get(declared.kind) if declared.kind is not None else None
    if declared.kind is not None and kind is None:
        problems.append(((*path, "kind"), f"there is no kind {declared.kind!r}; known are: {', '.join(known_kinds())}"))
    elif kind is not None and kind.contract != declared.contract:
        problems.append(((*path, "kind"), f"a file of kind {kind.name} fills {kind.contract}, not {declared.contract}"))
    signs = declared.signs
    if signs is not None and signs.enum not in mapping.enums:
        problems.append(((*path, "signs", "enum"), f"there is no enum {signs.enum!r} in this mapping"))
    if signs is not None and signs.parameter not in mapping.parameters:
        problems.append(((*path, "signs", "parameter"), f"parameter {signs.parameter!r} is declared nowhere"))
    return problems


def _join_problems(declared: Dataset, dataset: Dataset, path: KeyPath, place: KeyPath) -> list[Problem]:
    """Joins that cannot be followed: an alias twice, or a key of a table that is not joined before."""
    problems: list[Problem] = []
    known: list[str] = []
    for number, join in enumerate(dataset.join):
        at = number - len(declared.join)
        where = (*path, "join", number) if at < 0 or not declared.union else (*place, "join", at)
        if join.alias in known:
            problems.append(((*where, "as"), f"{join.alias!r} names two joined tables"))
        for header in join.on.values():
            alias = header.split(".", 1)[0]
            if "." in header and alias not in known:
                problems.append(((*where, "by"), f"{header}: no table is joined as {alias!r} before this one"))
        known.append(join.alias)
    return problems


def _expression_problems(mapping: Mapping, dataset: Dataset, place: KeyPath) -> list[Problem]:
    """Parameters that are declared nowhere and columns of tables that are not joined."""
    problems: list[Problem] = []
    declared = {*mapping.parameters, *BUILT_IN_PARAMETERS}
    texts = [join.where for join in dataset.join] + [dataset.where]
    texts += [branch.where for branch in dataset.branches]
    texts += [text for branch in dataset.branches for rule in branch.columns.values() for text in rule.expressions]
    for text in dict.fromkeys(text for text in texts if text is not None):
        problems += [
            (place, f"`{text}`: parameter :{name} is declared nowhere")
            for name in parameters_of(parse_expression(text))
            if name not in declared
        ]
    if dataset.table is not None:
        columns = {join.alias: join.combined for join in dataset.join}
        must, may = dataset_headers(dataset)
        for header in (*must, *may):
            alias, dot, name = header.partition(".")
            if dot and alias not in columns:
                problems.append((place, f"{header}: no table is joined as {alias!r}"))
            elif dot and columns[alias] and name not in columns[alias]:
                problems.append(
                    (place, f"{header}: {alias!r} is brought together by key; add {name} to its sum, min or max")
                )
    return problems


def _column_problems(
    mapping: Mapping, name: str, rule: ColumnRule, where: KeyPath, contract: Contract
) -> list[Problem]:
    column = contract.columns.get(name) or (load_envelope()[name] if name in MAPPABLE_ENVELOPE else None)
    if column is None:
        close = difflib.get_close_matches(name, contract.columns, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(contract.columns)}"
        return [(where, f"contract {contract.name} has no column {name!r}; {hint}")]
    if rule.const is not None and column.values is not None and str(rule.const) not in column.values:
        return [(where, f"{rule.const!r} is not one of {', '.join(column.values)}")]
    if rule.is_scaled and not column.type.is_numeric:
        return [(where, f"`sign`, `factor` and `per` give a number, but {name} is a {column.type.value}")]
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
