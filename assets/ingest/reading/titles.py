"""The rows above a header: kept as notes, and read where they alone say what a column would (`仓库：一号仓`, `期间：2024-01`).

A label counts only where it is a name of a header that the file lacks; numbers of goods or money are never taken from
a title.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import duckdb

from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.raw_table import RAW_TABLE, RawFile, normal_header
from assets.ingest.sqltext import literal

_LABEL = r"[A-Za-z\u4e00-\u9fff][A-Za-z\u4e00-\u9fff/ ]*?"
_PAIR = re.compile(rf"({_LABEL})\s*[:：]\s*(.*?)(?=\s+{_LABEL}\s*[:：]|[;；]|$)")
_NO_FACT = re.compile(r"数量|金额|单价|成本|价$|量$|合计|qty|amount|price", re.IGNORECASE)
# A filter that lets everything pass, or several things, is no value of a column.
_EVERYTHING = re.compile(r"全部|所有|不限|无限制|\*|all", re.IGNORECASE)
_SEVERAL = re.compile(r"[、,，]")


def labelled_values(above: Sequence[tuple[int, Sequence[str]]]) -> dict[str, str]:
    """What the title rows say, by normalised label; a label with two values says nothing."""
    found: dict[str, set[str]] = {}
    for _, cells in above:
        for at, cell in enumerate(cells):
            if re.search(r"[:：]\s*$", cell) and at + 1 < len(cells):
                found.setdefault(normal_header(cell), set()).add(cells[at + 1].strip())
            for label, value in _PAIR.findall(cell):
                if value.strip():
                    found.setdefault(normal_header(label), set()).add(value.strip())
    return {label: next(iter(values)) for label, values in found.items() if len(values) == 1}


def take_titles(
    connection: duckdb.DuckDBPyConnection, raw: RawFile, dataset: Dataset, expected: Collection[str]
) -> RawFile:
    """Note the title rows, and add a column for each expected header that only they give a value to."""
    noted = tuple(f"row {row}: {' '.join(cells)}" for row, cells in raw.above)
    facts = labelled_values(raw.above)
    there = {normal_header(title) for title in raw.header}
    added: dict[str, str] = {}
    for header in expected:
        names = [normal_header(name) for name in dataset.spellings(header)]
        values = {facts[name] for name in names if name in facts and _is_fact(name, facts[name])}
        if len(values) == 1 and not there & set(names):
            added[header] = values.pop()
    if not added:
        return replace(raw, notes=(*noted, *raw.notes)) if noted else raw
    width = len(raw.header)
    columns = ", ".join(f"{literal(value)} AS c{width + at}" for at, value in enumerate(added.values()))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_titled AS SELECT *, {columns} FROM {RAW_TABLE}")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_titled")
    taken = tuple(f"{header} is {value}, as the title says" for header, value in added.items())
    return replace(raw, header=(*raw.header, *added), notes=(*noted, *raw.notes, *taken))


def _is_fact(label: str, value: str) -> bool:
    return not (_NO_FACT.search(label) or _EVERYTHING.fullmatch(value) or _SEVERAL.search(value))
