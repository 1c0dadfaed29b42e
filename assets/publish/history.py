"""Releases over time: what differs between two, and going back to an older one.

Two marts with the same content hash are equal and are not read. Others are compared row by row on the key that the
release's dictionary gives, or as whole rows where there is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from assets.publish.content import quoted
from assets.publish.releases import Release, ReleaseError, list_releases
from assets.publish.settings import PublishSettings
from assets.publish.show import show_release

KPI_MART = "fct_kpi_summary"


@dataclass(frozen=True)
class MartChange:
    """How a mart moved: rows of the newer release that are new, gone or other than before."""

    mart: str
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    changed_columns: tuple[tuple[str, int], ...] = ()

    @property
    def is_same(self) -> bool:
        return not (self.added or self.removed or self.changed or self.columns_added or self.columns_removed)


@dataclass(frozen=True)
class KpiMove:
    """A KPI in two releases; None where one of them does not have it."""

    kpi: str
    scope: str
    scope_value: str
    before: float | None
    after: float | None
    status_before: str
    status_after: str
    company_code: str = ""
    """Empty for the group, and where one of the releases is from before companies were kept apart."""


@dataclass(frozen=True)
class ReleaseDiff:
    """What a reader would see change between two releases."""

    before: str
    after: str
    marts: tuple[MartChange, ...]
    kpis: tuple[KpiMove, ...]


def diff_releases(before: Release, after: Release) -> ReleaseDiff:
    """Rows added, removed and changed per mart, and every KPI that moved; `marts` lists only those that differ."""
    old = {mart["name"]: mart for mart in before.manifest["marts"]}
    new = {mart["name"]: mart for mart in after.manifest["marts"]}
    keys = {**_keys(before), **_keys(after)}
    with _both(before, after) as connection:
        changes = [
            _compare(connection, name, old.get(name), new.get(name), keys.get(name, ()))
            for name in sorted(old.keys() | new.keys())
        ]
    changed = tuple(change for change in changes if not change.is_same)
    return ReleaseDiff(before.release_id, after.release_id, changed, kpi_moves(before, after))


def kpi_moves(before: Release, after: Release) -> tuple[KpiMove, ...]:
    """Every KPI whose value or status differs; quick, because it reads one small mart."""
    if not all(any(mart["name"] == KPI_MART for mart in one.manifest["marts"]) for one in (before, after)):
        return ()
    with _both(before, after) as connection:
        return tuple(_kpi_moves(connection))


@contextmanager
def _both(before: Release, after: Release) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"attach {_text(before.database)} as before (read_only)")
        connection.execute(f"attach {_text(after.database)} as after (read_only)")
        yield connection


def previous_release(releases: Path, release: Release) -> Release | None:
    """The release before this one in time, or None."""
    older = [one for one in list_releases(releases) if one.release_id < release.release_id]
    return older[-1] if older else None


def find_release(releases: Path, name: str) -> Release:
    """A release by its id, an unambiguous beginning or end of it, or `current`.

    Raises:
        ReleaseError: none or several fit.
    """
    known = list_releases(releases)
    if name == "current":
        wanted = (releases / "current").resolve().name
        fitting = [one for one in known if one.release_id == wanted]
    else:
        fitting = [one for one in known if one.release_id.startswith(name) or one.release_id.endswith(name)]
    if len(fitting) != 1:
        count = "no release fits" if not fitting else f"{len(fitting)} releases fit"
        raise ReleaseError(f"{count} {name!r}; `stockturn releases list` shows them")
    return fitting[0]


def rollback(releases: Path, name: str, settings: PublishSettings) -> Release:
    """Make an older release the current one again, in PostgreSQL too; nothing is deleted, the next run switches forward.

    Raises:
        ReleaseError: no such release.
        assets.publish.postgres.PublicationError: PostgreSQL does not show it; nothing was switched.
    """
    release = find_release(releases, name)
    show_release(release, releases, settings)
    return release


def _keys(release: Release) -> dict[str, tuple[str, ...]]:
    path = release.path / "dictionary.json"
    if not path.is_file():
        return {}
    marts = json.loads(path.read_text(encoding="utf-8"))["marts"]
    return {mart["name"]: tuple(mart["grain"]) for mart in marts}


def _compare(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    key: tuple[str, ...],
) -> MartChange:
    if old is None or new is None:
        rows = int((old or new or {})["rows"])
        return MartChange(name, rows if old else 0, rows if new else 0, 0 if old else rows, rows if old else 0, 0)
    before, after = int(old["rows"]), int(new["rows"])
    if old["content_hash"] == new["content_hash"]:
        return MartChange(name, before, after, 0, 0, 0)
    old_columns = [column["name"] for column in old["columns"]]
    new_columns = [column["name"] for column in new["columns"]]
    shared = [column for column in new_columns if column in old_columns]
    gone = tuple(column for column in old_columns if column not in new_columns)
    fresh = tuple(column for column in new_columns if column not in old_columns)
    left = f"before.{quoted(old['schema'])}.{quoted(name)}"
    right = f"after.{quoted(new['schema'])}.{quoted(name)}"
    if key and set(key) <= set(shared):
        counts, columns = _by_key(connection, left, right, key, [one for one in shared if one not in key])
    else:
        counts, columns = _by_row(connection, left, right, shared), ()
    return MartChange(name, before, after, *counts, fresh, gone, columns)


def _by_key(
    connection: duckdb.DuckDBPyConnection, left: str, right: str, key: tuple[str, ...], values: list[str]
) -> tuple[tuple[int, int, int], tuple[tuple[str, int], ...]]:
    on = " and ".join(f"l.{quoted(name)} is not distinct from r.{quoted(name)}" for name in key)
    differs = [f"l.{quoted(name)} is distinct from r.{quoted(name)}" for name in values]
    both = "l.here is not null and r.here is not null"
    counts = ", ".join(f"count(*) filter (where {both} and {condition})" for condition in differs)
    changed = f"count(*) filter (where {both} and ({' or '.join(differs)}))" if differs else "0"
    row = connection.execute(
        f"""select count(*) filter (where l.here is null), count(*) filter (where r.here is null), {changed}
            {", " + counts if counts else ""}
            from (select *, 1 as here from {left}) l full join (select *, 1 as here from {right}) r on {on}"""
    ).fetchone()
    assert row is not None
    moved = tuple((name, int(count)) for name, count in zip(values, row[3:], strict=True) if count)
    return (int(row[0]), int(row[1]), int(row[2])), moved


def _by_row(connection: duckdb.DuckDBPyConnection, left: str, right: str, shared: list[str]) -> tuple[int, int, int]:
    columns = ", ".join(quoted(name) for name in shared)
    row = connection.execute(
        f"""select (select count(*) from (select {columns} from {right} except all select {columns} from {left})),
                   (select count(*) from (select {columns} from {left} except all select {columns} from {right}))"""
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), 0


def _kpi_moves(connection: duckdb.DuckDBPyConnection) -> list[KpiMove]:
    knows_company = connection.execute(
        """select count(*) = 2 from duckdb_columns()
           where table_name = ? and column_name = 'company_code' and database_name in ('before', 'after')""", [KPI_MART],
    ).fetchone()  # fmt: skip
    company = "company_code" if knows_company and knows_company[0] else "''"
    sides = [f"(select *, {company} as company from {side}.marts.{KPI_MART})" for side in ("before", "after")]
    rows = connection.execute(
        f"""select coalesce(l.kpi, r.kpi), coalesce(l.scope, r.scope), coalesce(l.scope_value, r.scope_value),
                   l.kpi_value, r.kpi_value, coalesce(l.kpi_status, ''), coalesce(r.kpi_status, ''), coalesce(l.company, r.company)
            from {sides[0]} l full join {sides[1]} r using (kpi, company, scope, scope_value)
            where l.kpi_value is distinct from r.kpi_value or l.kpi_status is distinct from r.kpi_status
            order by scope <> 'company', 2, 8, 3, 1"""
    ).fetchall()
    return [KpiMove(*row) for row in rows]


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
