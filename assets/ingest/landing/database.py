"""The private database of a run: opened when first needed, with the macros that read texts. One for all contracts."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import duckdb

from assets.ingest.reading.own_process import stop_reading
from assets.ingest.sqltext import literal
from assets.ingest.typing.text_macros import date_macros, install_macros

MEMORY_LIMIT = "1200MB"
"""For DuckDB's own buffers; 300,000 rows peaked at 607 MiB resident in all (2026-11-21, benchmarks/ingest.py)."""


class IngestDatabase:
    """An in-memory DuckDB that spills to the work folder; a run that finds nothing new never opens it."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self._suffixes: dict[tuple[str, ...], str] = {}
        self.known_masters: set[str] = set()

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The open database."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        connection = duckdb.connect(":memory:", config={"memory_limit": MEMORY_LIMIT})
        connection.execute(
            f"SET temp_directory = {literal(str(self.work / 'spill'))}; SET TimeZone = 'UTC'; SET enable_progress_bar = false"
        )
        install_macros(connection)
        return connection

    def date_suffix(self, formats: Sequence[str], timezone: str) -> str:
        """Suffix of the macros that read dates by these formats and times by this zone; made when first asked for."""
        key = (timezone, *formats)
        if key not in self._suffixes:
            self._suffixes[key] = f"_{len(self._suffixes)}"
            self.connection.execute(";".join(date_macros(self._suffixes[key], formats, timezone)))
        return self._suffixes[key]

    def close(self) -> None:
        """Drop everything that the run held."""
        stop_reading()
        if "connection" in self.__dict__:
            self.connection.close()
        shutil.rmtree(self.work, ignore_errors=True)
