"""A SQLAlchemy dialect for DuckDB whose results are fetched at once.

Great Expectations reads rows after it has closed the connection; duckdb-engine has nothing to give by then ("list
index out of
range", GX issue 11579). Buffering every result cures it without patching either. Results of checks are small.
"""

from __future__ import annotations

from typing import Any, ClassVar

from duckdb_engine import Dialect
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
from sqlalchemy.engine.default import DefaultExecutionContext

SCHEME = "duckdb_buffered"


class BufferingContext(DefaultExecutionContext):
    """Fetches all rows as soon as the statement has run."""

    def post_exec(self) -> None:
        """Take the rows while the connection is open."""
        super().post_exec()
        if self.cursor.description:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, initial_buffer=self.cursor.fetchall()
            )


class BufferedDuckDBDialect(Dialect):
    """duckdb-engine with buffered results; to everyone else it is `duckdb`."""

    supports_statement_cache = False
    execution_ctx_cls: Any = BufferingContext
    opened: ClassVar[list[Any]] = []

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        """Open a connection and remember it: Great Expectations keeps some out of the pool, where `dispose` cannot
        see them."""
        connection = super().connect(*args, **kwargs)
        self.opened.append(connection)
        return connection


def close_connections() -> None:
    """Close every connection of the dialect, so that the file can be opened for writing again."""
    while BufferedDuckDBDialect.opened:
        BufferedDuckDBDialect.opened.pop().close()


def register() -> str:
    """Make the dialect known to SQLAlchemy; returns the scheme of its URLs."""
    registry.register(SCHEME, __name__, BufferedDuckDBDialect.__name__)
    return SCHEME
