"""Releases: one complete, immutable version of the marts, switched in one step.

A release is a folder `releases/<release_id>/`: a Parquet file per public mart (public.py), the internal ones in
`internal/`, one DuckDB file with all of them, and `manifest.json` (content hash, rows and columns of each mart; the public
ones; figures of the run). `releases/current` is a link that is
replaced by one rename: a reader who opened the old release keeps it, a new reader gets the new one, nobody gets half.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from assets.publish.content import content_hash, quoted
from assets.publish.kpis import KpiCatalogue
from assets.publish.kpis.own import stated_kpis
from assets.publish.public import SCHEMA as PUBLIC_SCHEMA
from assets.publish.public import public_model, write_public
from assets.publish.summaries import SCHEMA as SUMMARY_SCHEMA
from assets.publish.summaries import write_summaries
from assets.whole_files import sync, write_whole

MART_SCHEMAS = ("marts", "reconciliation")
MANIFEST = "manifest.json"
OWN_KPIS = "own_kpis"
"""Key of the manifest: how the company declared its own KPIs when the release was built."""
DATABASE = "stockturn.duckdb"
INTERNAL = "internal"
"""Folder of a release for the Parquet files of internal marts."""
HISTORY_MARTS = frozenset(
    {
        "fct_forecast_accuracy",
        "fct_forecast_overrides",
        "fct_forecast_review",
        "fct_restatement_documents",
        "fct_restatements",
    }
)
"""What earlier runs published, set beside what is known now: the one input besides landing and configuration. No other
mart reads them (tests/dbt), so the content hash of a release leaves them out and its manifest names the runs."""
_TARGET = "release_being_written"  # the name of its DuckDB file while it is attached to the warehouse
_WRITERS = 2


class ReleaseError(RuntimeError):
    """A release could not be built or found; nothing was switched."""


@dataclass(frozen=True)
class Release:
    """A finished release on disk."""

    path: Path
    manifest: Mapping[str, Any]

    @property
    def release_id(self) -> str:
        return self.path.name

    @property
    def database(self) -> Path:
        return self.path / DATABASE

    @property
    def as_of(self) -> date:
        return date.fromisoformat(self.manifest["as_of_date"])

    @property
    def content_hash(self) -> str:
        """The same for the same landing, configuration and day, whatever ran before (`HISTORY_MARTS` left out)."""
        return str(self.manifest["content_hash"])

    def hashes(self) -> dict[str, str]:
        """Ordered content hash of every mart, by name."""
        return {mart["name"]: mart["content_hash"] for mart in self.manifest["marts"]}

    def kpis(self) -> KpiCatalogue:
        """The KPIs that the release holds: the product's, and the company's own as they were when it was built."""
        return stated_kpis(self.manifest.get(OWN_KPIS, {}))

    def public_marts(self) -> list[dict[str, Any]]:
        """What is published of it: `name`, `schema`, `rows`, `columns` of each; of a release from before there was a public
        set, every mart."""
        marts = {mart["name"]: mart for mart in self.manifest["marts"]}
        if "public" not in self.manifest:
            return list(marts.values())
        return [
            {**one, "schema": PUBLIC_SCHEMA, "rows": marts[one["name"]]["rows"]}
            for one in self.manifest["public"]["marts"]
        ]


def build_release(
    warehouse: duckdb.DuckDBPyConnection,
    releases: Path,
    release_id: str,
    facts: Mapping[str, Any],
    documents: Mapping[str, str] | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
) -> Release:
    """Write every mart of the open warehouse into a new release folder; `current` stays as it is.

    Rows are in the order of the mart's key, where `keys` names one, else of all columns: sorting by the key alone costs
    a third less (2026-11-22), and a key that is not unique has failed its test before. A table that `keys` does not name is
    left in the warehouse from a version of the models that made it: it is not published.

    `facts` (as_of_date, run id, row accounting, checks...) go into the manifest as they are; `documents` are further
    files by name (the dictionary), which belong to this version like the marts do.

    Raises:
        ReleaseError: the warehouse holds no mart, or the release id is taken.
    """
    marts = [mart for mart in _marts(warehouse) if keys is None or mart[1] in keys]
    if not marts:
        raise ReleaseError("the warehouse holds no marts; run the dbt models first")
    final, partial = releases / release_id, releases / f".{release_id}.partial"
    if final.exists():
        raise ReleaseError(f"release {release_id} exists already")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    entries, public = _write_marts(warehouse, partial, marts, keys or {}, stated_kpis(facts.get(OWN_KPIS, {})))
    for name, text in sorted((documents or {}).items()):
        (partial / name).parent.mkdir(exist_ok=True)
        write_whole(partial / name, text)
    found = {"release_id": release_id, "marts": entries, "public": public, "content_hash": _content(entries)}
    manifest = {**facts, **found}
    write_whole(partial / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True, default=str))
    partial.rename(final)
    sync(releases)
    return Release(final, json.loads((final / MANIFEST).read_text(encoding="utf-8")))


def switch_current(releases: Path, release_id: str) -> None:
    """Make a release the current one with one rename.

    Raises:
        ReleaseError: there is no such finished release.
    """
    if not (releases / release_id / MANIFEST).is_file():
        raise ReleaseError(f"no finished release {release_id} in {releases}")
    link = releases / f".current-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(release_id)
    link.replace(releases / "current")
    sync(releases)


def read_release(folder: Path) -> Release:
    """Open a finished release folder (or the `current` link).

    Raises:
        ReleaseError: there is none, or its manifest is damaged.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise ReleaseError(f"{folder} holds no finished release; run `stockturn run` first")
    try:
        facts = json.loads(manifest.read_text(encoding="utf-8"))
        date.fromisoformat(facts["as_of_date"])
        if not all(mart["name"] and mart["schema"] and mart["content_hash"] for mart in facts["marts"]):
            raise ValueError("a mart without its name")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseError(
            f"{manifest.resolve()} is damaged ({type(error).__name__}: {error}); go back to another release with "
            "`stockturn releases rollback`, or build a new one with `stockturn run`"
        ) from error
    return Release(folder.resolve(), facts)


def current_release(releases: Path) -> Release | None:
    """The release that readers see, or None before the first one.

    Raises:
        ReleaseError: its manifest is damaged.
    """
    return read_release(releases / "current") if (releases / "current").exists() else None


def current_id(releases: Path) -> str | None:
    """Id of the release that readers see, whatever state it is in; None before the first one."""
    link = releases / "current"
    return link.resolve().name if link.exists() else None


def list_releases(releases: Path) -> list[Release]:
    """Finished releases that can be read, oldest first; `damaged_releases` has the others."""
    return [one for one in _opened(releases).values() if isinstance(one, Release)]


def damaged_releases(releases: Path) -> dict[str, str]:
    """Release folders whose manifest cannot be read, with the reason, oldest first. They are kept as they are."""
    return {name: str(one) for name, one in _opened(releases).items() if isinstance(one, ReleaseError)}


def _opened(releases: Path) -> dict[str, Release | ReleaseError]:
    if not releases.is_dir():
        return {}
    names = sorted(
        folder.name for folder in releases.iterdir() if (folder / MANIFEST).is_file() and not folder.is_symlink()
    )
    found: dict[str, Release | ReleaseError] = {}
    for name in names:
        if not name.startswith("."):
            try:
                found[name] = read_release(releases / name)
            except ReleaseError as error:
                found[name] = error
    return found


def prune_releases(releases: Path, keep: int) -> list[str]:
    """Delete the oldest releases above `keep`, never the current one; returns the ids that went.

    Damaged releases are neither counted nor deleted: whoever looks into the damage needs them.
    """
    current = current_id(releases)
    old = [release for release in list_releases(releases) if release.release_id != current]
    doomed = old[: max(0, len(old) - (keep - 1))]
    for release in doomed:
        shutil.rmtree(release.path)
    for leftover in releases.glob(".*.partial"):
        shutil.rmtree(leftover, ignore_errors=True)
    return [release.release_id for release in doomed]


def column_types(warehouse: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, str]]:
    """Type of each column of the marts in a warehouse, in order, by (schema, table)."""
    return {
        (schema, name): {
            row[0]: row[1] for row in warehouse.execute(f"describe {quoted(schema)}.{quoted(name)}").fetchall()
        }
        for schema, name in _marts(warehouse)
    }


def _marts(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    rows = warehouse.execute(
        """select table_schema, table_name from information_schema.tables
           where table_catalog = current_database() and table_schema in (select unnest($schemas)) order by all""",
        {"schemas": list(MART_SCHEMAS)},
    ).fetchall()
    return [(str(schema), str(name)) for schema, name in rows]


def _write_marts(
    warehouse: duckdb.DuckDBPyConnection,
    folder: Path,
    marts: Sequence[tuple[str, str]],
    keys: Mapping[str, Sequence[str]],
    kpis: KpiCatalogue,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The DuckDB file with every mart, and from the same rows a Parquet file of each; what the manifest says of them all and
    of the public ones.

    Marts are written side by side: most are too small to occupy a core.
    """
    (folder / INTERNAL).mkdir()
    warehouse.execute(f"attach {_text(folder / DATABASE)} as {_TARGET} (read_write)")
    try:
        for schema in sorted({schema for schema, _ in marts}):
            warehouse.execute(f"create schema {_TARGET}.{quoted(schema)}")
        with ThreadPoolExecutor(_WRITERS) as pool:
            entries = list(pool.map(lambda mart: _write_mart(warehouse, folder, mart, keys.get(mart[1], ())), marts))
    finally:
        warehouse.execute(f"detach {_TARGET}")
    with duckdb.connect(str(folder / DATABASE)) as connection:
        connection.execute(f"create schema {SUMMARY_SCHEMA}")
        write_summaries(connection, [name for schema, name in marts if schema == "marts"], kpis)
        public = write_public(connection, marts)
        for one in public["marts"]:
            _write_public_file(connection, folder, one, keys.get(one["name"], ()))
        connection.execute("checkpoint")
    sync(folder / DATABASE)
    return entries, public


def _write_public_file(
    connection: duckdb.DuckDBPyConnection, folder: Path, mart: Mapping[str, Any], key: Sequence[str]
) -> None:
    target = folder / f"{mart['name']}.parquet"
    rows = f"(select * from {PUBLIC_SCHEMA}.{quoted(mart['name'])} order by {_order(key or _names(mart))})"
    connection.execute(f"copy {rows} to {_text(target)} (format parquet, compression zstd)")
    sync(target)


def _names(mart: Mapping[str, Any]) -> list[str]:
    return [str(column["name"]) for column in mart["columns"]]


def _order(columns: Sequence[str]) -> str:
    return ", ".join(f"{quoted(column)} nulls first" for column in columns)


def _write_mart(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, mart: tuple[str, str], key: Sequence[str]
) -> dict[str, Any]:
    schema, name = mart
    relation = f"{quoted(schema)}.{quoted(name)}"
    with warehouse.cursor() as cursor:
        columns = [(row[0], row[1]) for row in cursor.execute(f"describe {relation}").fetchall()]
        order = _order(key or [column for column, _ in columns])
        cursor.execute(f"create table {_TARGET}.{relation} as select * from {relation} order by {order}")
        if not public_model().is_public(name):
            target = folder / INTERNAL / f"{name}.parquet"
            cursor.execute(f"copy {_TARGET}.{relation} to {_text(target)} (format parquet, compression zstd)")
            sync(target)
        rows, digest = content_hash(cursor, relation)
    return {
        "name": name,
        "schema": schema,
        "rows": rows,
        "content_hash": digest,
        "columns": [{"name": column, "type": kind} for column, kind in columns],
    }


def _content(entries: Sequence[Mapping[str, Any]]) -> str:
    """One hash for everything that follows from landing, configuration and day alone."""
    lines = [
        f"{one['schema']}.{one['name']} {one['content_hash']}" for one in entries if one["name"] not in HISTORY_MARTS
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
