"""Quoting for generated DuckDB SQL. Everything that comes from outside passes through here or through a parameter."""

from __future__ import annotations

from collections.abc import Iterable


def ident(name: str) -> str:
    """A quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | float | bool | None) -> str:
    """A SQL literal of a Python scalar."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + value.replace("'", "''") + "'"


def literal_list(values: Iterable[str]) -> str:
    """A DuckDB list literal of texts: `['a', 'b']`."""
    return "[" + ", ".join(literal(value) for value in values) + "]"
