"""Reads a release with SQL, read-only; nothing is loaded that a page does not show."""

from __future__ import annotations

import copy
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from assets.publish.companies import Company, companies_of, company_catalog
from assets.publish.content import quoted
from assets.publish.releases import Release, read_release
from assets.publish.summaries import SCHEMA as SUMMARY_SCHEMA
from assets.publish.summaries import summaries_of, write_summaries

MAX_EXPORT_ROWS = 1_000_000  # what a spreadsheet can hold, less its header; asked for by the export only

# What pages have shown is kept, as a release never changes: at 100,000 item-warehouses x 24 months half of a page's time was
# queries that it had asked before (2026-11-30). Tables for export are larger and are read again.
KEPT_QUERIES, KEPT_ROWS = 256, 2_000


class ReleaseReader:
    """An open release. Each call has a cursor of its own, so that sessions do not wait for each other."""

    company = ""
    """Whose rows the queries see; empty: all there are."""

    def __init__(self, release: Release, threads: int = 2) -> None:
        self.release = release
        self.kpis = release.kpis()
        # without settings of its own: DuckDB refuses a second opening of a file in one process where these differ (explain)
        self._connection = duckdb.connect(str(release.database), read_only=True)
        self._connection.execute(f"set threads = {int(threads)}; set enable_progress_bar = false")
        self._lock = threading.Lock()
        self._words: dict[str, dict[str, Mapping[str, Any]]] | None = None
        self._kept: OrderedDict[tuple[str, str, str], pd.DataFrame] = OrderedDict()
        rows = self._connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
        self.tables = frozenset(str(name) for _, name in rows)
        schemas = sorted({str(mart["schema"]) for mart in release.manifest["marts"]})
        schemas.append(self._summary_place({str(name) for schema, name in rows if schema == SUMMARY_SCHEMA}))
        self._places = schemas

    def _summary_place(self, known: set[str]) -> str:
        """Where the summaries are: in the release, or in memory where the release is older than one of them."""
        if known.issuperset(summaries_of(self.tables)):
            return SUMMARY_SCHEMA
        self._connection.execute("attach ':memory:' as made_here (read_write)")
        write_summaries(self._connection, self.tables, self.kpis, "made_here.main")
        return "made_here.main"

    def companies(self) -> list[Company]:
        """The companies of the release, the main one first; none where the release is older than their list."""
        with self._lock:
            return companies_of(self._connection)

    def of_company(self, code: str) -> ReleaseReader:
        """The same release, cut to the rows of one company: every query of a page is then about it alone."""
        cut = copy.copy(self)
        cut.company = code
        with self._lock:
            catalog = company_catalog(self._connection, code)
        cut._places = [f"{quoted(catalog)}.{quoted(place.split('.')[-1])}" for place in self._places]
        return cut

    @classmethod
    def open(cls, folder: Path) -> ReleaseReader:
        """Open `releases/<id>` or `releases/current`. Raises ReleaseError where there is none."""
        return cls(read_release(folder))

    @property
    def release_id(self) -> str:
        return self.release.release_id

    def has(self, *tables: str) -> bool:
        return self.tables.issuperset(tables)

    def has_column(self, mart: str, column: str) -> bool:
        """Does the release hold it? An older one may not."""
        marts = self.release.manifest["marts"]
        return any(one["name"] == mart and any(own["name"] == column for own in one["columns"]) for one in marts)

    def sentence(self, mart: str, column: str, name: str = "") -> str:
        """SQL for a column of sentences and the same in Chinese, `<name>_zh`; a release from before there were both has English alone.

        Args:
            column: with the alias of the mart, `r.reason`. name: of the result, that of the column by default.
        """
        name = name or column.split(".")[-1]
        both = self.has_column(mart, f"{column.split('.')[-1]}_zh")
        return f"{column} as {name}, {column}_zh as {name}_zh" if both else f"{column} as {name}"

    def frame(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The rows of a query, as a table of the caller's own."""
        given = dict(parameters or {})
        key = (",".join(self._places), sql, repr(sorted(given.items())))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key].copy()
            cursor = self._connection.cursor()
            cursor.execute(f"set search_path = '{key[0]}'")
        rows = cursor.execute(sql, given).df()
        if len(rows) <= KEPT_ROWS:
            with self._lock:
                self._kept[key] = rows.copy()
                while len(self._kept) > KEPT_QUERIES:
                    self._kept.popitem(last=False)
        return rows

    def row(self, sql: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The first row of a query by column; empty where there is none. Missing values are None."""
        frame = self.frame(sql, parameters)
        if frame.empty:
            return {}
        return {str(name): None if _is_missing(value) else value for name, value in frame.iloc[0].items()}

    def value(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The first value of the first row, or None."""
        return next(iter(self.row(sql, parameters).values()), None)

    def words(self, mart: str) -> dict[str, Mapping[str, Any]]:
        """What the release's dictionary says about the columns of a mart, by column."""
        if self._words is None:
            path = self.release.path / "dictionary.json"
            marts = json.loads(path.read_text(encoding="utf-8"))["marts"] if path.is_file() else []
            self._words = {one["name"]: {column["name"]: column for column in one["columns"]} for one in marts}
        return self._words.get(mart, {})

    def close(self) -> None:
        self._connection.close()


def _is_missing(value: Any) -> bool:
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))
