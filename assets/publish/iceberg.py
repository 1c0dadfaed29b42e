"""A release as tables of Iceberg, beside its Parquet files: for the engines of a lake, and for DuckDB.

Each public mart is a table, each release one snapshot of it, tagged with the release's id. Stages:
1. *Load*: every mart is written to a snapshot that no reader sees, and tagged.
2. *Show*: `main` of each table is set to it, then the table `releases` says which release is current, and a DuckDB file of views of that
   release takes the place of the one before.
3. *Prune*: tags, snapshots and files of the oldest releases go.

A catalog switches one table at a time, so a reader of several tables asks `releases` once and reads every table at that tag (or opens the
DuckDB file): it sees one release, whatever is published meanwhile. `main` is for readers of a single table.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet

from assets.optional import optional
from assets.publish.content import quoted
from assets.publish.releases import Release, ReleaseError
from assets.publish.settings import CATALOG_VARIABLE, IcebergSettings

RELEASES = "releases"
"""The table that says which release is current; written last."""
VIEWS = "current.duckdb"
_BRANCH, _MAIN = "staged", "main"
_RELEASES = pa.schema(
    [
        ("release_id", pa.string()),
        ("as_of_date", pa.date32()),
        ("built_at", pa.timestamp("us", tz="UTC")),
        ("is_current", pa.bool_()),
    ]
)


class IcebergError(ReleaseError):
    """The lake does not show the new release; what it showed before is untouched."""


@dataclass(frozen=True)
class Loaded:
    """A release that is in the lake and not shown yet: its tag in each table."""

    release: Release
    settings: IcebergSettings
    catalog: Any
    tables: Sequence[str]


def load_iceberg(release: Release, settings: IcebergSettings) -> Loaded:
    """Write a release's public marts to the lake, where no reader sees them yet; what is there already is left as it is.

    Raises:
        IcebergError: not written.
        assets.optional.MissingExtraError: pyiceberg is not installed.
    """
    with _reported("write the release"):
        catalog = _catalog(settings)
        catalog.create_namespace_if_not_exists(settings.namespace)
        names = [str(mart["name"]) for mart in release.public_marts()]
        for name in names:
            file = parquet.ParquetFile(release.path / f"{name}.parquet")
            table = _table(catalog, settings, name, file.schema_arrow)
            if release.release_id not in table.refs():
                _write(table, file.schema_arrow, file.iter_batches(), release.release_id)
    return Loaded(release, settings, catalog, names)


def show_iceberg(loaded: Loaded) -> None:
    """Make a loaded release the one that readers of the lake see, and remove the oldest ones.

    Raises:
        IcebergError: the table `releases` does not name it.
    """
    release, settings, catalog = loaded.release, loaded.settings, loaded.catalog
    with _reported("show the release"):
        for name in loaded.tables:
            table = catalog.load_table((settings.namespace, name))
            table.manage_snapshots().set_current_snapshot(ref_name=release.release_id).commit()
        kept = _state(catalog, loaded)
        table = _table(catalog, settings, RELEASES, _RELEASES)
        _write(table, _RELEASES, pa.Table.from_pylist(kept, _RELEASES).to_batches(), "")
        _write_views(loaded)
        keep = {str(one["release_id"]) for one in kept}
        for _, name in catalog.list_tables(settings.namespace):
            _prune(catalog.load_table((settings.namespace, name)), keep)


def _catalog(settings: IcebergSettings) -> Any:
    sql = optional("pyiceberg.catalog.sql", "iceberg")
    folder = settings.warehouse.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    uri = os.environ.get(CATALOG_VARIABLE) or f"sqlite:///{folder / 'catalog.db'}"
    return sql.SqlCatalog("stockturn", uri=uri, warehouse=f"file://{folder}")


def _table(catalog: Any, settings: IcebergSettings, name: str, schema: pa.Schema) -> Any:
    """The table of a mart, with the columns of this release; earlier snapshots keep theirs."""
    key = (settings.namespace, name)
    if not catalog.table_exists(key):
        place = settings.warehouse.resolve() / settings.namespace / name
        return catalog.create_table(key, schema, location=f"file://{place}")
    table = catalog.load_table(key)
    found = {field.name: _plain(field.type) for field in table.schema().as_arrow()}
    wanted = {field.name: _plain(field.type) for field in schema}
    gone = [column for column, kind in found.items() if wanted.get(column) != kind]
    if found != wanted:
        # A column of another type is another column: readers of earlier snapshots keep the old one.
        with table.update_schema(allow_incompatible_changes=True) as update:
            for column in gone:
                update.delete_column(column)
        with table.update_schema() as update:
            update.union_by_name(schema)
    return table


def _plain(kind: pa.DataType) -> str:
    """A type as both sides spell it."""
    return str(kind).replace("large_", "")


def _write(table: Any, schema: pa.Schema, batches: Iterator[pa.RecordBatch] | list[pa.RecordBatch], tag: str) -> None:
    """One snapshot with these rows and no others, under a tag; without a tag it is the table from now on."""
    if _BRANCH in table.refs():  # left by a run that was killed
        table.manage_snapshots().remove_branch(_BRANCH).commit()
    order = [field.name for field in table.schema().fields]
    kinds = pa.schema([schema.field(name) for name in order])
    reader = pa.RecordBatchReader.from_batches(kinds, (batch.select(order) for batch in batches))
    # A branch that is not there yet begins without rows; the first snapshot of a table can only be on `main`.
    branch = _BRANCH if table.snapshots() else _MAIN
    table.append(reader, branch=branch)
    written, changes = table.refs()[branch].snapshot_id, table.manage_snapshots()
    changes = changes.create_tag(written, tag) if tag else changes.set_current_snapshot(written)
    if branch == _BRANCH:
        changes = changes.remove_branch(_BRANCH)
    changes.commit()


def _state(catalog: Any, loaded: Loaded) -> list[dict[str, Any]]:
    """Rows of `releases`: those that are kept, the shown one among them."""
    key = (loaded.settings.namespace, RELEASES)
    before = catalog.load_table(key).scan().to_arrow().to_pylist() if catalog.table_exists(key) else []
    release = loaded.release
    shown = {
        "release_id": release.release_id,
        "as_of_date": release.as_of,
        "built_at": datetime.fromisoformat(release.manifest["built_at"]),
        "is_current": True,
    }
    others = [{**one, "is_current": False} for one in before if one["release_id"] != release.release_id]
    newest = sorted(others, key=lambda one: str(one["release_id"]))[-(loaded.settings.keep_releases - 1) :]
    kept = newest if loaded.settings.keep_releases > 1 else []
    return sorted([*kept, shown], key=lambda one: str(one["release_id"]))


def _write_views(loaded: Loaded) -> None:
    """A DuckDB file with a view of each table at this release, over its data files: no extension is needed to read it."""
    folder = loaded.settings.warehouse.resolve() / loaded.settings.namespace
    target, part = folder / VIEWS, folder / f".{VIEWS}.{os.getpid()}"
    part.unlink(missing_ok=True)
    with duckdb.connect(str(part)) as connection:
        for name in loaded.tables:
            table = loaded.catalog.load_table((loaded.settings.namespace, name))
            snapshot = table.snapshot_by_name(loaded.release.release_id)
            columns = ", ".join(quoted(field.name) for field in snapshot_schema(table, snapshot).fields)
            files = ", ".join(_text(_path(task.file.file_path)) for task in _files(table, snapshot))
            connection.execute(
                f"create view {quoted(name)} as select {columns} from read_parquet([{files}], hive_partitioning = false)"
            )
    part.replace(target)


def snapshot_schema(table: Any, snapshot: Any) -> Any:
    """The columns that a table had at a snapshot."""
    return next(schema for schema in table.schemas().values() if schema.schema_id == snapshot.schema_id)


def _files(table: Any, snapshot: Any) -> list[Any]:
    return sorted(table.scan(snapshot_id=snapshot.snapshot_id).plan_files(), key=lambda task: str(task.file.file_path))


def _prune(table: Any, keep: set[str]) -> None:
    """Remove the snapshots that no kept release needs, and their files: each snapshot has files of its own."""
    for tag in [name for name in table.refs() if name != _MAIN and name not in keep]:
        table.manage_snapshots().remove_tag(tag).commit()
    needed = {ref.snapshot_id for ref in table.refs().values()}
    doomed = [snapshot for snapshot in table.snapshots() if snapshot.snapshot_id not in needed]
    if not doomed:
        return
    files: list[str] = []
    for snapshot in doomed:
        files.append(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            files.append(manifest.manifest_path)
            files += [str(entry.data_file.file_path) for entry in manifest.fetch_manifest_entry(table.io)]
    table.maintenance.expire_snapshots().by_ids([snapshot.snapshot_id for snapshot in doomed]).commit()
    for file in files:
        _path(file).unlink(missing_ok=True)


def _path(uri: str) -> Path:
    return Path(uri.removeprefix("file://"))


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


@contextmanager
def _reported(what: str) -> Iterator[None]:
    try:
        yield
    except (ReleaseError, ImportError):
        raise
    except (
        Exception
    ) as error:  # pyiceberg, SQLAlchemy and the file system each raise their own; an address may hold a password
        reason = str(error).splitlines()[0] if isinstance(error, OSError | ValueError) else type(error).__name__
        raise IcebergError(f"the lake did not {what} ({reason}); what it showed before is untouched") from error
