"""Tables of a lake: a folder of Parquet files, in Hive's partitions (`day=2026-11-30/`) or not, of Delta or of Iceberg.

Which files are the table now, and what their folders say of their rows. Reading them: parquet_files.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from assets.ingest.errors import IngestError
from assets.optional import MissingExtraError, optional

PARQUET = ".parquet"
_NULL = "__HIVE_DEFAULT_PARTITION__"
_DELTA_LOG, _ICEBERG = "_delta_log", "metadata"
_VERSION = re.compile(r"v?(\d+)\b")
_READABLE = {"timestampNtz", "appendOnly", "invariants", "checkConstraints", "generatedColumns", "v2Checkpoint"}
"""Features of Delta that leave the rows of a file as they are."""


@dataclass(frozen=True)
class DataFile:
    """One file of a table; `values` are those of the columns by which the table is partitioned, as texts."""

    path: Path
    values: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The file within its table, as people know it."""
        return "/".join([*(f"{column}={value}" for column, value in self.values.items()), self.path.name])


def is_table_folder(path: Path) -> bool:
    """Whether a folder is a table: a log of Delta, metadata of Iceberg, or Parquet files at any depth."""
    if not path.is_dir():
        return False
    return (path / _DELTA_LOG).is_dir() or _newest_metadata(path / _ICEBERG) is not None or any(_parquet_below(path))


def data_files(folder: Path, name: str) -> list[DataFile]:
    """The files that are the table now, by name.

    Args:
        folder: a folder for which `is_table_folder` holds.
        name: of the table, for messages.

    Raises:
        IngestError: the kind of table is not read, or its log cannot be understood.
    """
    if (folder / _DELTA_LOG).is_dir():
        files = _of_delta(folder, name)
    elif (folder / _ICEBERG).is_dir() and (metadata := _newest_metadata(folder / _ICEBERG)) is not None:
        files = _of_iceberg(metadata, name)
    else:
        files = [
            DataFile(path, partition_values(path.relative_to(folder).as_posix())) for path in _parquet_below(folder)
        ]
    for file in files:
        if not file.path.resolve().is_relative_to(folder.resolve()) or not file.path.is_file():
            raise IngestError(
                f"names a file that is not in its folder: {file.path.name}",
                file=name,
                fix="Copy the whole table, or let the source read it where it was written.",
            )
    return sorted(files, key=lambda file: file.path.as_posix())


def partition_values(name: str) -> dict[str, str | None]:
    """What the folders of a name say in Hive's way: `day=2026-11-30/part-0.parquet` is {'day': '2026-11-30'}."""
    values: dict[str, str | None] = {}
    for part in name.split("/")[:-1]:
        column, mark, value = part.partition("=")
        if column and mark:
            values[unquote(column)] = None if value == _NULL else unquote(value)
    return values


def _parquet_below(folder: Path) -> list[Path]:
    """Parquet files that count; a name with `_` or `.` in front is a writer's own."""
    return [
        path
        for path in sorted(folder.rglob(f"*{PARQUET}"))
        if path.is_file() and not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    ]


def _of_delta(folder: Path, name: str) -> list[DataFile]:
    with _installed(name):
        table = optional("deltalake", "delta").DeltaTable
    try:
        found = table(str(folder))
        features = set(found.protocol().reader_features or ())
        actions = found.get_add_actions(flatten=True)
        columns = {str(one): actions.column(one).to_pylist() for one in actions.schema.names}
    except Exception as error:  # deltalake raises errors of its own and of Python's
        raise _damaged("Delta", error, name) from error
    if other := sorted(features - _READABLE):
        raise IngestError(
            f"is a Delta table with {', '.join(other)}, whose files do not hold the rows as they are",
            file=name,
            fix="Write it without (for deletion vectors: `REORG TABLE ... APPLY (PURGE)`, then switch them off).",
        )
    keys = [column for column in columns if column.startswith("partition.")]
    return [
        DataFile(
            folder / unquote(path),
            {key.removeprefix("partition."): None if (v := columns[key][at]) is None else str(v) for key in keys},
        )
        for at, path in enumerate(columns["path"])
    ]


def _newest_metadata(folder: Path) -> Path | None:
    """The last version of a table of Iceberg: `00003-<uuid>.metadata.json` of a catalog, `v3.metadata.json` of Hadoop's."""
    numbered = [
        (int(found[1]), path) for path in folder.glob("*.metadata.json") if (found := _VERSION.match(path.name))
    ]
    return max(numbered)[1] if numbered else None


def _of_iceberg(metadata: Path, name: str) -> list[DataFile]:
    with _installed(name):
        table = optional("pyiceberg.table", "iceberg").StaticTable
    try:
        tasks = list(table.from_metadata(str(metadata)).scan().plan_files())
    except Exception as error:  # pyiceberg raises errors of its own and of Python's
        raise _damaged("Iceberg", error, name) from error
    if any(task.delete_files for task in tasks):
        raise IngestError(
            "is an Iceberg table with delete files, so its data files do not hold the rows as they are",
            file=name,
            fix="Let it be compacted (`rewrite_data_files` with `delete-file-threshold` 1), or delete by copy-on-write.",
        )
    # Columns by which it is partitioned are in the files too.
    return [DataFile(Path(unquote(task.file.file_path.removeprefix("file://")))) for task in tasks]


@contextmanager
def _installed(name: str) -> Iterator[None]:
    try:
        yield
    except MissingExtraError as error:
        raise IngestError(str(error), file=name, fix="Or let the source write plain Parquet.") from error


def _damaged(kind: str, error: Exception, name: str) -> IngestError:
    reason = next(iter(str(error).splitlines()), "") or type(error).__name__
    return IngestError(
        f"cannot be read as a table of {kind} ({reason})", file=name, fix="Repair the table where it is written."
    )
