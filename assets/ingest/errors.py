"""The errors of ingest: each is one clear message that names where the trouble is and what to do about it."""

from __future__ import annotations

from assets.documents import DocumentError


class IngestError(Exception):
    """Input that cannot be understood as a whole: the file is refused and nothing of it is landed."""

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.problem, self.file, self.row, self.column, self.fix = problem, file, row, column, fix
        place = ", ".join(
            part
            for part in (
                file,
                f"row {row}" if row is not None else None,
                f"column {column!r}" if column is not None else None,
            )
            if part
        )
        text = f"{place}: {problem}" if place else problem
        if not text.endswith("."):
            text += "."
        super().__init__(f"{text} {fix}" if fix else text)


class SourceUnreadable(IngestError):
    """A source that the configuration calls required cannot be read at all: nothing is to be released without it."""


class PartlyUnread(IngestError):
    """Something of a source could not be used and the rest was read: it is reported and keeps nothing from being released."""


class MappingError(DocumentError):
    """A mapping file that breaks its schema; the message lists every mistake as `file:line: key: what is wrong`."""


class ContractError(DocumentError):
    """A contract file that breaks its schema."""


class MissingTableError(IngestError):
    """A database without a table that a mapping reads."""
