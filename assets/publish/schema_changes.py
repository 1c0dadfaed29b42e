"""What a change of the published schema breaks for readers, and whether it was declared.

The baseline file holds the schema that readers rely on. A column that goes or changes type breaks them: it must be
named in CHANGELOG.md before the baseline may be renewed, and stays listed in the baseline's `broken`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Mapping[str, str]]


def published_schema(dictionary: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """`marts.fct_x` -> column -> type; an undocumented type is empty."""
    return {
        f"{mart['schema']}.{mart['name']}": {column["name"]: column["type"] for column in mart["columns"]}
        for mart in dictionary
    }


def breaking_changes(before: Schema, after: Schema) -> list[str]:
    """What readers of `before` lose: `marts.fct_x`, `marts.fct_x.column`, or the same with ` type`."""
    broken = []
    for mart, columns in sorted(before.items()):
        if mart not in after:
            broken.append(mart)
            continue
        for column, kind in columns.items():
            name = f"{mart}.{column}"
            if column not in after[mart]:
                broken.append(name)
            elif kind and after[mart][column] != kind:
                broken.append(f"{name} type")
    return broken


def undeclared(broken: Sequence[str], changelog: str) -> list[str]:
    """Breaking changes whose mart or column the changelog does not name (in backquotes)."""
    return [change for change in broken if f"`{change.removesuffix(' type')}`" not in changelog]


def renewed(baseline: Mapping[str, Any], after: Schema) -> dict[str, Any]:
    """The baseline for what is published now; what broke is kept for good."""
    broken = [*baseline.get("broken", []), *breaking_changes(baseline["schema"], after)]
    return {"schema": {mart: dict(columns) for mart, columns in after.items()}, "broken": sorted(set(broken))}
