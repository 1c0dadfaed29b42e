"""Writes one batch: landing rows, quarantine, duplicates, and last the manifest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import duckdb

from assets.ingest.batches.manifest import Manifest
from assets.ingest.contracts import Contract
from assets.ingest.errors import IngestError
from assets.ingest.landing.batch_columns import batch_stamp, landing_list
from assets.ingest.landing.row_counts import Counts
from assets.ingest.landing.row_outcomes import FileEngine
from assets.ingest.landing.store import LandingStore, parquet_copy
from assets.ingest.sqltext import ident, literal

QUARANTINE_COLUMNS = (
    ("batch_id", "VARCHAR"),
    ("contract", "VARCHAR"),
    ("source_instance", "VARCHAR"),
    ("source_file", "VARCHAR"),
    ("source_row", "BIGINT"),
    ("extract_date", "DATE"),
    ("rule_id", "VARCHAR"),
    ("column_name", "VARCHAR"),
    ("bad_value", "VARCHAR"),
    ("reason", "VARCHAR"),
    ("raw_row", "VARCHAR"),
    ("item_code", "VARCHAR"),
    ("warehouse_code", "VARCHAR"),
    ("doc_no", "VARCHAR"),
)
DUPLICATE_COLUMNS = (
    ("batch_id", "VARCHAR"),
    ("contract", "VARCHAR"),
    ("source_instance", "VARCHAR"),
    ("source_file", "VARCHAR"),
    ("source_row", "BIGINT"),
    ("source_key", "VARCHAR"),
    ("first_batch_id", "VARCHAR"),
    ("kind", "VARCHAR"),
)


def land_batch(
    connection: duckdb.DuckDBPyConnection,
    store: LandingStore,
    contract: Contract,
    engine: FileEngine,
    counts: Counts,
    draft: Manifest,
    places: Mapping[str, int],
) -> Manifest:
    """Write what the engine staged and record it. `places` are those of the batches in the order.

    Raises IngestError where the rows do not add up, before anything is written.
    """
    span = counts.scope if draft.scope_kind == "period" else (None, None)
    manifest = draft.model_copy(
        update={
            "rows_in": counts.rows_in,
            "rows_loaded": counts.loaded,
            "rows_quarantined": counts.quarantined,
            "rows_duplicate": counts.duplicate,
            "rows_excluded": counts.excluded,
            "contract_rows": counts.contract_rows,
            "units_sum": _decimal(counts.units_sum),
            "value_sum": _decimal(counts.value_sum),
            "scope_from_date": _day(span[0]),
            "scope_to_date": _day(span[1]),
            "scope_values": _values_of(engine, draft.scope_by) if draft.scope_by is not None else (),
            "header": engine.raw.header,
            "message": draft.message or "; ".join(engine.notes),
        }
    )
    if not manifest.is_closed:
        raise IngestError(
            f"{counts.rows_in} rows came in, but {counts.loaded} loaded + {counts.quarantined} quarantined + "
            f"{counts.duplicate} duplicate + {counts.excluded} excluded is another number",
            file=draft.source_file,
            fix="This is a fault of the program; nothing was landed.",
        )
    stamp = batch_stamp(draft)
    if counts.contract_rows:
        parts = [*engine.parts]
        if counts.contract_rows > engine.piece_rows:
            rest = store.part_of(draft, "rest")
            query = f"SELECT {landing_list(contract, stamp)} FROM ({engine.landed_sql})"
            connection.execute(parquet_copy(query, rest))
            parts.append(rest)
        manifest = manifest.model_copy(update={"parts": len(parts)})
        store.take_parts(parts, manifest)
    if counts.quarantined:
        columns = ", ".join(f"{stamp[name]} AS {name}" if name in stamp else name for name, _ in QUARANTINE_COLUMNS)
        query = f"SELECT {columns} FROM broken ORDER BY source_row, rule_id, column_name"
        store.write_parquet(connection, query, store.path_of("quarantine", manifest))
    if engine.repeated:
        _write_duplicates(connection, store, manifest, {place: batch for batch, place in places.items()})
    store.write_manifest(manifest)
    return manifest


def _values_of(engine: FileEngine, column: str) -> tuple[str, ...]:
    """Distinct values of a contract column in the file, rows of quarantine included."""
    sources = [f"SELECT {ident(column)} AS v FROM staged"]
    if engine.pieces_landed is not None and engine.piece_rows:
        sources.append(f"SELECT {ident(column)} FROM {engine.pieces_landed.source}")
    query = f"SELECT DISTINCT v FROM ({' UNION ALL '.join(sources)}) WHERE v IS NOT NULL ORDER BY v"
    return tuple(row[0] for row in engine.connection.execute(query).fetchall())


def _write_duplicates(
    connection: duckdb.DuckDBPyConnection, store: LandingStore, manifest: Manifest, batch_at: dict[int, str]
) -> None:
    found = connection.execute("SELECT DISTINCT place FROM repeated").fetchall()
    stamp = batch_stamp(manifest)
    first = " ".join(f"WHEN {place} THEN {literal(batch_at[place])}" for (place,) in sorted(found))
    columns = ", ".join(
        {"first_batch_id": f"CASE place {first} END AS first_batch_id"}.get(
            name, f"{stamp[name]} AS {name}" if name in stamp else name
        )
        for name, _ in DUPLICATE_COLUMNS
    )
    query = f"SELECT {columns} FROM repeated ORDER BY source_row, source_key"
    store.write_parquet(connection, query, store.path_of("duplicates", manifest))


def land_duplicate_file(
    connection: duckdb.DuckDBPyConnection, store: LandingStore, draft: Manifest, first: Manifest
) -> Manifest:
    """Record a file whose content was already read under another name: all of its rows are duplicates."""
    manifest = draft.model_copy(
        update={
            "status": "duplicate_file",
            "first_batch_id": first.batch_id,
            "rows_in": first.rows_in,
            "rows_duplicate": first.rows_in,
            "scope_from_date": first.scope_from_date,
            "scope_to_date": first.scope_to_date,
            "header": first.header,
            "message": f"same content as {first.source_file}, which was read before",
        }
    )
    parts = [
        f"SELECT source_row, {key} AS source_key FROM read_parquet({literal(str(store.path_of(area, first)))}, "
        "hive_partitioning = false)"
        for area, key in (
            ("landing", "source_key"),
            ("duplicates", "source_key"),
            ("quarantine", "CAST(NULL AS VARCHAR)"),
        )
        if store.has(area, first)
    ]
    if parts:
        stamp = batch_stamp(manifest) | {"first_batch_id": literal(first.batch_id), "kind": "'same_file'"}
        columns = ", ".join(f"{stamp[name]} AS {name}" if name in stamp else name for name, _ in DUPLICATE_COLUMNS)
        query = (
            f"SELECT {columns} FROM (SELECT source_row, min(source_key) AS source_key FROM "
            f"({' UNION ALL '.join(parts)}) "
            "GROUP BY source_row) ORDER BY source_row"
        )
        store.write_parquet(connection, query, store.path_of("duplicates", manifest))
    store.write_manifest(manifest)
    return manifest


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _day(value: Any) -> dt.date | None:
    return value if isinstance(value, dt.date) else None
