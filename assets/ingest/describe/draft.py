"""A first mapping for an unknown source: the tables that fit a contract best, with their candidates. To be completed by a
person: what is not certain has a note beside it, and what is required and was not found is there as a mistake."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from assets.ingest.contracts import Contract
from assets.ingest.describe.profile import ColumnProfile, TableProfile
from assets.ingest.describe.scores import EXACT, TableFit, table_fits
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.reading.chinese import simplified

_COMMON = "generic_excel"
"""The mapping with the codes that most systems write."""
LEAST_FIT = 0.5
"""A table that fits a contract less than by half is something else; nothing is drafted for it, unless its headers tell its kind."""


def best_fits(tables: Sequence[TableProfile], contracts: Mapping[str, Contract]) -> list[tuple[TableProfile, TableFit]]:
    """The contract that each table fits best, where it fits at all."""
    found = []
    for table in tables:
        fits = table_fits(table, contracts)
        if fits and (fits[0].score >= LEAST_FIT or table.kind is not None) and table.rows:
            found.append((table, fits[0]))
    return sorted(found, key=lambda pair: (list(contracts).index(pair[1].contract), -pair[1].score, pair[0].name))


def draft_mapping(name: str, tables: Sequence[TableProfile], contracts: Mapping[str, Contract]) -> str:
    """The text of a mapping file."""
    fits = best_fits(tables, contracts)
    enums: list[str] = []
    datasets = [line for table, fit in fits for line in _dataset(table, fit, contracts[fit.contract], enums)]
    head = [
        f"# A first draft, made from the names in the source. Check every line, then run `stockturn mapping check {name}.yml`.",
        f"mapping: {re.sub(r'[^0-9A-Za-z_]+', '_', name)}",
        "version: 1",
        f"source_system: {re.sub(r'[^0-9A-Za-z_]+', '_', name)}",
    ]
    return "\n".join([*head, *(["enums:", *enums] if enums else []), "datasets:", *(datasets or ["  []"]), ""])


def _dataset(table: TableProfile, fit: TableFit, contract: Contract, enums: list[str]) -> list[str]:
    label = re.sub(r"[^0-9A-Za-z一-鿿_]+", "_", table.name.rpartition("/")[2].rpartition(".")[0] or table.name).strip(
        "_"
    )
    caption = f" ({table.caption})" if table.caption else ""
    told = f"; {table.kind}" if table.kind is not None else ""
    lines = [
        f"  # {table.name}{caption}: {table.rows} rows, fit {fit.score:.2f}{told}",
        f"  - name: {label}",
        f"    contract: {contract.name}",
        f"    files: {_quoted(table.name)}" if table.is_file else f"    table: {_quoted(table.name)}",
    ]
    if not table.is_file and not table.key:
        lines.append("    source: {kind: sql, key: []}   # no primary key there: name the columns that tell rows apart")
    lines += ["    scope: key", "    columns:"]
    chosen = {found.contract_column: found for found in fit.candidates}
    columns = {column.name: column for column in table.columns}
    for column in contract.columns.values():
        found = chosen.get(column.name)
        if found is not None:
            doubt = "" if found.score >= EXACT else f"   # likeness {found.score:.2f}"
            seen = columns[found.source_column]
            rule = _quoted(found.source_column)
            if column.values is not None:
                enum = f"{label}_{column.name}"
                enums.append(_enum(enum, seen, column.values))
                rule = f"{{from: {rule}, enum: {enum}}}"
            lines.append(f"      {column.name}: {rule}{doubt}   # {', '.join(seen.samples[:3])}".rstrip("# ").rstrip())
        elif column.is_required:
            lines.append(f"      # {column.name}: required, and nothing here is called like it ({column.meaning})")
    used = {found.source_column for found in fit.candidates}
    rest = [column.name for column in table.columns if column.name not in used]
    if rest:
        lines.append(f"    # not used: {', '.join(rest)}")
    return lines


def _enum(name: str, column: ColumnProfile, values: Sequence[str]) -> str:
    known = {code: value for codes in load_mapping(_COMMON).enums.values() for code, value in codes.items()}
    meant = {code: code if code in values else known.get(simplified(code)) for code in column.samples}
    codes = "".join(f"{_quoted(code)}: {value if value in values else 'null'}, " for code, value in meant.items())
    return f"  {name}: {{{codes}_default: fail}}   # values: {', '.join(values)}"


def _quoted(text: str) -> str:
    """A text as YAML reads it back, in quotes where it would be something else without."""
    return (
        text
        if re.fullmatch(r"[A-Za-z_一-鿿][\w一-鿿.]*", text) and text.lower() not in _WORDS
        else json.dumps(text, ensure_ascii=False)
    )


_WORDS = ("yes", "no", "on", "off", "true", "false", "null", "y", "n")
