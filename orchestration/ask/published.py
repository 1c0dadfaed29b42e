"""What a question may read: the public marts of one release, cut to the limits of who asks. Read-only, and nothing else.

A reader without limits reads the release's file. For a reader with limits its rows are copied into memory and the file is closed,
so that no way of writing a query leads to the others. In both cases the connection may open no file and change no setting.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from assets.publish.content import quoted
from assets.publish.public import PLACES, rows_within
from assets.publish.releases import Release

MAX_ROWS = 1000  # what an answer holds at most; a question that needs more asks for sums
MAX_SECONDS = 30.0  # the time limit that docs/bi.md advises for readers of PostgreSQL is twice that


class QuestionError(ValueError):
    """The question cannot be answered; the message says why in one sentence."""


@dataclass(frozen=True)
class Limits:
    """Responsible persons and warehouses whose rows are seen; None = all, empty = none. Both hold together."""

    owners: tuple[str, ...] | None = None
    warehouses: tuple[str, ...] | None = None

    @property
    def is_everything(self) -> bool:
        return self.owners is None and self.warehouses is None

    def sees(self, owner_name: str | None, warehouse_id: str | None) -> bool:
        return (self.owners is None or owner_name in self.owners) and (
            self.warehouses is None or warehouse_id in self.warehouses
        )


class Published:
    """The public marts of a release for one reader."""

    def __init__(self, release: Release, limits: Limits) -> None:
        self.release, self.limits = release, limits
        path = release.path / "dictionary.json"
        described = json.loads(path.read_text(encoding="utf-8"))["marts"] if path.is_file() else []
        words = {mart["name"]: mart for mart in described}
        self.marts: dict[str, dict[str, Any]] = {
            mart["name"]: _described(mart, words.get(mart["name"], {})) for mart in release.public_marts()
        }
        self._connection = _opened(release) if limits.is_everything else _copied(release, limits)
        self._connection.execute("set enable_external_access = false; set lock_configuration = true")
        self._lock = threading.Lock()

    def query(self, sql: str, rows: int = 200) -> dict[str, Any]:
        """The first rows of one SELECT.

        Raises:
            QuestionError: not one SELECT, wrong, or slower than `MAX_SECONDS`.
        """
        try:
            statements = duckdb.extract_statements(sql)
        except duckdb.Error as error:
            raise QuestionError(str(error)) from error
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise QuestionError("ask with one SELECT statement")
        wanted = max(1, min(rows, MAX_ROWS))
        with self._lock:
            cursor = self._connection.cursor()
            timer = threading.Timer(MAX_SECONDS, cursor.interrupt)
            timer.start()
            try:
                cursor.execute(statements[0])
                names = [column[0] for column in cursor.description or ()]
                found = cursor.fetchmany(wanted + 1)
            except duckdb.InterruptException as error:
                raise QuestionError(f"the answer takes longer than {MAX_SECONDS:.0f} s; ask for less") from error
            except duckdb.Error as error:
                raise QuestionError(str(error)) from error
            finally:
                timer.cancel()
        values = [[_plain(value) for value in row] for row in found[:wanted]]
        return {"columns": names, "rows": values, "is_cut": len(found) > wanted}

    def records(self, sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Rows of a query of our own, by column."""
        with self._lock:
            cursor = self._connection.cursor().execute(sql, dict(parameters))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]

    def has_place(self, item_id: str, warehouse_id: str) -> bool:
        """Is an item at a warehouse within the limits?"""
        if self.limits.is_everything:
            return True
        if PLACES not in self.marts:
            return False
        where = "item_id = $item_id and warehouse_id = $warehouse_id"
        keys = {"item_id": item_id, "warehouse_id": warehouse_id}
        return bool(self.records(f"select 1 as n from {PLACES} where {where}", keys))

    def close(self) -> None:
        self._connection.close()


def _described(mart: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """A public mart with what the dictionary says about it."""
    known = {one["name"]: one for one in (*words.get("columns", ()), *words.get("added_columns", ()))}
    told = ("unit", "description", "label_en", "label_zh", "formula")
    columns = [
        {**column, **{key: known.get(column["name"], {}).get(key, "") for key in told}} for column in mart["columns"]
    ]
    return {
        "name": mart["name"],
        "rows": mart["rows"],
        **{key: words.get(key, "") for key in ("description", "label_en", "label_zh")},
        "grain": list(words.get("grain", ())),
        "references": dict(mart.get("references", {})),
        "columns": columns,
    }


def _opened(release: Release) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(release.database), read_only=True)


def _copied(release: Release, limits: Limits) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"attach '{str(release.database).replace(chr(39), chr(39) * 2)}' as release (read_only)")
    marts = release.public_marts()
    has_places = any(mart["name"] == PLACES for mart in marts)
    allowed = _allowed(limits)
    for mart in marts:
        relation = f"release.{quoted(mart['schema'])}.{quoted(mart['name'])}"
        within = rows_within(
            mart["name"],
            [column["name"] for column in mart["columns"]],
            f"release.main.{PLACES}" if has_places else None,
            allowed,
            _whole(limits),
        )
        connection.execute(f"create table {quoted(mart['name'])} as select t.* from {relation} as t where {within}")
    connection.execute("detach release")
    return connection


def _allowed(limits: Limits) -> Any:
    def condition(row: str) -> str:
        parts = [
            f"{row}.{column} in ({_listed(values)})"
            for column, values in (("owner_name", limits.owners), ("warehouse_id", limits.warehouses))
            if values is not None
        ]
        return f"coalesce({' and '.join(parts)}, false)"

    return condition


def _whole(limits: Limits) -> Any:
    def condition(scope: str, name: str) -> str:
        here, other = (limits.owners, limits.warehouses) if scope == "owner" else (limits.warehouses, limits.owners)
        return f"{name} in ({_listed(here)})" if here is not None and other is None else "false"

    return condition


def _listed(values: Sequence[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values) or "null"


def _plain(value: Any) -> Any:
    """A value as JSON has it; a decimal as a number, a day as text."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value if value is None or isinstance(value, (bool, int, float, str, list, dict)) else str(value)
