"""Second chance for rows in quarantine: once the master that they missed has arrived, they become a batch of their
own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb

from assets.ingest.batches.manifest import Manifest
from assets.ingest.contracts import Contract
from assets.ingest.landing.database import IngestDatabase
from assets.ingest.landing.store import LandingStore
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile
from assets.ingest.sqltext import literal, literal_list


def awaits_masters(
    database: IngestDatabase, store: LandingStore, contract: Contract, manifests: Sequence[Manifest], as_of: dt.date
) -> list[Manifest]:
    """Batches up to `as_of` with rows in quarantine because a master lacked their code."""
    parents = {
        manifest.batch_id: manifest
        for manifest in manifests
        if manifest.released_from is None and manifest.rows_quarantined and manifest.extract_date <= as_of
    }
    if not parents or not contract.references:
        return []
    rules = ", ".join(literal(f"unknown_{master}") for master in sorted(set(contract.references.values())))
    paths = literal_list(str(store.path_of("quarantine", parent)) for parent in parents.values())
    rows = database.connection.execute(
        f"SELECT DISTINCT batch_id FROM read_parquet({paths}, hive_partitioning = false) WHERE rule_id IN ({rules})"
    ).fetchall()
    return [parents[batch] for (batch,) in sorted(rows)]


def releasable_rows(
    connection: duckdb.DuckDBPyConnection,
    store: LandingStore,
    contract: Contract,
    manifests: Sequence[Manifest],
    waiting: Sequence[Manifest],
) -> list[tuple[Manifest, list[int]]]:
    """Those of the `waiting` batches with rows that broke nothing but a reference which is known by now, with those
    rows."""
    if not waiting:
        return []
    parents = {manifest.batch_id: manifest for manifest in waiting}
    released: dict[str, set[int]] = {}
    for manifest in manifests:
        if manifest.released_from is not None:
            released.setdefault(manifest.released_from, set()).update(manifest.released_rows)
    masters = sorted(set(contract.references.values()))
    known = " OR ".join(
        f"(rule_id = {literal('unknown_' + master)} AND bad_value IN (SELECT code FROM known_{master} AS k "
        f"JOIN companies AS c USING (company_code) WHERE c.batch_id = q.batch_id))"
        for master in masters
    )
    companies = ", ".join(
        f"({literal(parent.batch_id)}, {literal(parent.company_code)})" for parent in parents.values()
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE companies AS FROM (VALUES {companies}) AS c (batch_id, company_code)"
    )
    paths = [str(store.path_of("quarantine", parent)) for parent in parents.values()]
    rows = connection.execute(
        f"SELECT batch_id, source_row FROM read_parquet({literal_list(paths)}, hive_partitioning = false) AS q "
        f"GROUP BY batch_id, source_row HAVING bool_and({known}) ORDER BY ALL"
    ).fetchall()
    grouped: dict[str, list[int]] = {}
    for batch, source_row in rows:
        if source_row not in released.get(batch, set()):
            grouped.setdefault(batch, []).append(source_row)
    return [(parents[batch], found) for batch, found in sorted(grouped.items())]


def load_raw_again(
    connection: duckdb.DuckDBPyConnection, store: LandingStore, parent: Manifest, rows: list[int]
) -> RawFile:
    """Rebuild table `raw` from the raw rows that quarantine kept."""
    paths = literal(str(store.path_of("quarantine", parent)))
    # The position in json_object is the position in the header; a pointer by name would stumble over `/` and `~`.
    values = ", ".join(
        f"json_extract_string(raw_row, '$.' || {literal(_json_key(header))}) AS c{number}"
        for number, header in enumerate(parent.header)
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE wanted_rows (source_row BIGINT)")
    connection.execute("INSERT INTO wanted_rows SELECT unnest($rows)", {"rows": rows})
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_store AS SELECT {SOURCE_ROW}, {values} FROM ("
        f"SELECT {SOURCE_ROW}, any_value(raw_row) AS raw_row FROM read_parquet({paths}, hive_partitioning = false) "
        f"WHERE {SOURCE_ROW} IN (SELECT source_row FROM wanted_rows) GROUP BY {SOURCE_ROW}) ORDER BY {SOURCE_ROW}"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_store")
    return RawFile(parent.header, len(rows))


def _json_key(header: str) -> str:
    """A header as a quoted key of a JSON path."""
    return '"' + header.replace("\\", "\\\\").replace('"', '\\"') + '"'
