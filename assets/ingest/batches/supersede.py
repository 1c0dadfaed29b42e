"""Which landed rows no longer count: replaced scopes, older versions of a key, rows that the source has deleted.

Order is that of the batches (extract date, file name, revision). A later `full` batch replaces all earlier ones of
its dataset, a
`period` batch what is in its span, and of each natural key the newest version counts. A duplicate file of a
`full` or `period`
dataset states its content again at its own, later day; a row that was recognised as already landed confirms its
version.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from assets.ingest.batches.manifest import Manifest
from assets.ingest.contracts import Contract
from assets.ingest.landing.store import LandingStore
from assets.ingest.sqltext import ident, literal, literal_list


@dataclass(frozen=True)
class Placed:
    """A landed batch and the place from which it counts."""

    manifest: Manifest
    place: int


def place_batches(manifests: Sequence[Manifest], places: dict[str, int]) -> list[Placed]:
    """Landed batches with the place at which they were stated last, in that order."""
    restated: dict[str, tuple[int, dt.date]] = {}
    by_id = {manifest.batch_id: manifest for manifest in manifests}
    for manifest in manifests:
        first = by_id.get(manifest.first_batch_id or "")
        if (
            manifest.status == "duplicate_file"
            and first is not None
            and manifest.scope_kind != "key"
            and manifest.extract_date > first.extract_date
        ):
            restated[first.batch_id] = (places[manifest.batch_id], manifest.extract_date)
    placed = [
        Placed(manifest, restated.get(manifest.root, (places[manifest.root], manifest.extract_date))[0])
        for manifest in manifests
        if manifest.status == "loaded" and manifest.root in places
    ]
    return sorted(placed, key=lambda batch: (batch.place, batch.manifest.order))


def visible_batches(placed: Sequence[Placed]) -> list[Placed]:
    """Batches that are not replaced as a whole by a later one of their dataset."""
    return [batch for batch in placed if not any(_replaces(later, batch) for later in placed)]


def _replaces(later: Placed, earlier: Placed) -> bool:
    if later.place <= earlier.place or _series(later.manifest) != _series(earlier.manifest):
        return False
    if later.manifest.scope_kind == "full":
        return True
    span, old = (later.manifest.scope_from_date, later.manifest.scope_to_date), earlier.manifest
    if later.manifest.scope_kind != "period" or span[0] is None or span[1] is None or later.manifest.released_from:
        return False
    if old.scope_from_date is None or old.scope_to_date is None:
        return False
    if later.manifest.scope_by is not None and not (
        old.scope_by == later.manifest.scope_by and set(old.scope_values) <= set(later.manifest.scope_values)
    ):
        return False
    return span[0] <= old.scope_from_date and old.scope_to_date <= span[1]


def _span_literals(manifest: Manifest) -> str:
    """The days that a batch replaces, as two SQL literals; a released one replaces nothing."""
    days = (None, None) if manifest.released_from else (manifest.scope_from_date, manifest.scope_to_date)
    return ", ".join(literal(day.isoformat() if day is not None else None) for day in days)


def _warehouses(manifest: Manifest) -> str:
    """The warehouses that a batch replaces rows of, as a SQL list; NULL for all of them."""
    return "NULL" if manifest.scope_by is None else f"{literal_list(manifest.scope_values)}::VARCHAR[]"


def _series(manifest: Manifest) -> tuple[str, str]:
    return (manifest.source_instance, manifest.dataset)


def find_superseded(
    connection: duckdb.DuckDBPyConnection,
    store: LandingStore,
    contract: Contract,
    placed: Sequence[Placed],
    target: str,
) -> int:
    """Insert into table `target` (contract, batch_id, source_key, reason) the rows of visible batches that do not
    count."""
    with_rows = [batch for batch in placed if batch.manifest.contract_rows]
    if not with_rows:
        return 0
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE placed (batch_id VARCHAR, place BIGINT, series VARCHAR, span_from "
        "DATE, span_to DATE, warehouses VARCHAR[])"
    )
    rows = ", ".join(
        f"({literal(batch.manifest.batch_id)}, {batch.place}, {literal('/'.join(_series(batch.manifest)))}, "
        f"{_span_literals(batch.manifest)}, {_warehouses(batch.manifest)})"
        for batch in placed
    )
    connection.execute(f"INSERT INTO placed VALUES {rows}")
    paths = literal_list(str(store.path_of("landing", batch.manifest)) for batch in with_rows)
    source = f"read_parquet({paths}, hive_partitioning = false)"
    name = literal(contract.name)
    if _spans_touch(with_rows):
        # A batch that names its warehouses says nothing of the others.
        same = " AND (later.warehouses IS NULL OR list_contains(later.warehouses, r.warehouse_code))"
        within = same if any(batch.manifest.scope_by is not None for batch in with_rows) else ""
        connection.execute(
            f"INSERT INTO {target} SELECT DISTINCT {name}, r.batch_id, r.source_key, 'replaced_period' FROM "
            f"{source} AS r "
            "JOIN placed AS own USING (batch_id) JOIN placed AS later ON later.series = own.series AND "
            "later.place > own.place "
            f"AND r.{ident(contract.scope_date or '')} BETWEEN later.span_from AND later.span_to{within}"
        )
    _older_versions(connection, store, contract, with_rows, source, target)
    row = connection.execute(f"SELECT count(*) FROM {target} WHERE contract = {name}").fetchone()
    return int(row[0]) if row is not None else 0


def _spans_touch(batches: Sequence[Placed]) -> bool:
    """True where spans of two period batches of one dataset overlap without one covering the other."""
    spans: dict[tuple[str, str], list[tuple[dt.date, dt.date, int]]] = {}
    for batch in batches:
        manifest = batch.manifest
        if manifest.scope_kind == "period" and manifest.scope_from_date and manifest.scope_to_date:
            spans.setdefault(_series(manifest), []).append(
                (manifest.scope_from_date, manifest.scope_to_date, batch.place)
            )
    for found in spans.values():
        reach: dt.date | None = None
        for begin, end, _ in sorted(found):
            if reach is not None and begin <= reach:
                return True
            reach = end if reach is None else max(reach, end)
    return False


def _older_versions(
    connection: duckdb.DuckDBPyConnection,
    store: LandingStore,
    contract: Contract,
    batches: Sequence[Placed],
    source: str,
    target: str,
) -> None:
    """All versions of a key but the newest, and the newest where it says that the row is deleted."""
    name = literal(contract.name)
    # What was not approved yet was in no figure: it is approved, or edited, and nothing that was published changes.
    was_draft = (
        "coalesce(r.doc_status IN ('draft', 'submitted'), false)" if "doc_status" in contract.columns else "false"
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE doubtful (key_hash UBIGINT)")
    connection.execute(
        f"INSERT INTO doubtful SELECT hash(source_instance, source_key) FROM {source} GROUP BY ALL "
        "HAVING count(*) > 1 OR bool_or(is_deleted)"
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE confirmed (batch_id VARCHAR, source_key VARCHAR, place BIGINT)")
    copies = [path for batch in batches if (path := store.path_of("duplicates", batch.manifest)).is_file()]
    if copies:
        connection.execute(
            "INSERT INTO confirmed SELECT d.first_batch_id, d.source_key, max(p.place) FROM "
            f"read_parquet({literal_list(map(str, copies))}, hive_partitioning = false) AS d JOIN placed AS "
            f"p USING (batch_id) "
            "WHERE d.kind = 'already_landed' GROUP BY ALL"
        )
    connection.execute(
        f"INSERT INTO {target} SELECT {name}, batch_id, source_key, CASE WHEN nth > 1 AND was_draft THEN 'older_draft' "
        "WHEN nth > 1 THEN 'older_version' ELSE 'deleted' END FROM ("
        f"SELECT r.batch_id, r.source_key, r.is_deleted, {was_draft} AS was_draft, row_number() OVER (PARTITION BY r.source_instance, "
        "r.source_key "
        "ORDER BY greatest(p.place, COALESCE(c.place, p.place)) DESC, p.place DESC, r.batch_id DESC) AS nth "
        f"FROM {source} AS r JOIN placed AS p USING (batch_id) LEFT JOIN confirmed AS c USING (batch_id, source_key) "
        "WHERE hash(r.source_instance, r.source_key) IN (SELECT key_hash FROM doubtful) "
        f"AND NOT EXISTS (FROM {target} AS t WHERE t.contract = {name} AND t.batch_id = r.batch_id AND "
        f"t.source_key = r.source_key)"
        ") WHERE nth > 1 OR is_deleted"
    )
