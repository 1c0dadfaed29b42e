"""Shows the landing zone to dbt: schema `landing` (a view per contract) and the tables of schema `quality` that
ingest fills."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.ingest.batches.landed_rows import is_landed_whole, landed_rows
from assets.ingest.batches.manifest import Manifest, current
from assets.ingest.batches.supersede import Placed, find_superseded, place_batches, visible_batches
from assets.ingest.batches.validity import valid_on
from assets.ingest.contracts import Contract, landing_columns, load_contracts
from assets.ingest.landing.store import LandingStore
from assets.ingest.landing.write_batch import DUPLICATE_COLUMNS, QUARANTINE_COLUMNS
from assets.ingest.sqltext import ident, literal, literal_list

_BATCH_COLUMNS = (
    ("batch_id", pa.string()),
    ("contract", pa.string()),
    ("dataset", pa.string()),
    ("source_system", pa.string()),
    ("source_instance", pa.string()),
    ("company_code", pa.string()),
    ("source_file", pa.string()),
    ("source_sha256", pa.string()),
    ("extract_date", pa.date32()),
    ("scope_kind", pa.string()),
    ("scope_from_date", pa.date32()),
    ("scope_to_date", pa.date32()),
    ("batch_sequence", pa.int64()),
    ("mapping", pa.string()),
    ("mapping_version", pa.int64()),
    ("status", pa.string()),
    ("rows_in", pa.int64()),
    ("rows_loaded", pa.int64()),
    ("rows_quarantined", pa.int64()),
    ("rows_duplicate", pa.int64()),
    ("rows_excluded", pa.int64()),
    ("contract_rows", pa.int64()),
    ("units_sum", pa.decimal128(38, 6)),
    ("value_sum", pa.decimal128(38, 4)),
    ("message", pa.string()),
)


def register_landing(con: duckdb.DuckDBPyConnection, workspace: Path, as_of: dt.date) -> None:
    """(Re)create schemas `landing` and `quality` as docs/interfaces.md describes, from the batches that
    a run of the day `as_of` may see (`validity.py`).

    Views read the Parquet files of `workspace` where they are; what no longer counts is listed in
    `quality.superseded_rows`.
    """
    store = LandingStore(workspace.resolve())
    con.execute("SET TimeZone = 'UTC'")
    con.execute("CREATE SCHEMA IF NOT EXISTS landing")
    con.execute("CREATE SCHEMA IF NOT EXISTS quality")
    con.execute(
        "CREATE OR REPLACE TABLE quality.superseded_rows (contract VARCHAR, batch_id VARCHAR, source_key "
        "VARCHAR, reason VARCHAR)"
    )
    everything: list[Manifest] = []
    places: dict[str, int] = {}
    for contract in load_contracts().values():
        manifests = current(
            valid_on(
                store.manifests(contract.name), contract.name, as_of, lambda one: (one.source_instance, one.dataset)
            )
        )
        own = {manifest.batch_id: place for place, manifest in enumerate(manifests, start=1)}
        placed = visible_batches(place_batches(manifests, own))
        find_superseded(con, store, contract, placed, "quality.superseded_rows")
        _create_view(con, store, contract, placed)
        everything, places = everything + manifests, places | own
    _batches_table(con, everything, places)
    _quarantine_table(con, store, everything)
    _duplicates_table(con, store, everything)


def _create_view(
    con: duckdb.DuckDBPyConnection, store: LandingStore, contract: Contract, placed: Sequence[Placed]
) -> None:
    name = f"landing.{contract.name}"
    con.execute(f"DROP {_kind(con, contract.name)} IF EXISTS {name}")
    columns = landing_columns(contract)
    paths = [str(store.path_of("landing", batch.manifest)) for batch in placed if batch.manifest.contract_rows]
    if not paths:
        con.execute(
            f"CREATE TABLE {name} ({', '.join(f'{ident(column.name)} {column.type.duckdb}' for column in columns)})"
        )
        return
    chosen = ", ".join(f"r.{ident(column.name)}" for column in columns)
    superseded = con.execute(
        "SELECT count(*) FROM quality.superseded_rows WHERE contract = ?", [contract.name]
    ).fetchone()
    minus = (
        f" ANTI JOIN (FROM quality.superseded_rows WHERE contract = {literal(contract.name)}) AS s USING "
        f"(batch_id, source_key)"
        if superseded is not None and superseded[0]
        else ""
    )
    # files that an earlier version of the program landed may lack a column; reading by name costs each reader of the view time
    source = (
        f"read_parquet({literal_list(paths)}, hive_partitioning = false)"
        if is_landed_whole(con, paths, contract)
        else landed_rows(paths, contract)
    )
    con.execute(f"CREATE VIEW {name} AS SELECT {chosen} FROM {source} AS r{minus}")


def _kind(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """VIEW or TABLE: DuckDB refuses to drop one as the other."""
    row = con.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_schema = 'landing' AND table_name = ?", [table]
    ).fetchone()
    return "VIEW" if row is not None and row[0] == "VIEW" else "TABLE"


def _batches_table(con: duckdb.DuckDBPyConnection, manifests: Sequence[Manifest], places: dict[str, int]) -> None:
    """One row a batch. Rows that left quarantine are counted with the batch that released them, and no longer with
    the first."""
    released: dict[str, int] = {}
    for manifest in manifests:
        if manifest.released_from is not None:
            released[manifest.released_from] = released.get(manifest.released_from, 0) + manifest.rows_in
    rows = []
    for manifest in manifests:
        gone = released.get(manifest.batch_id, 0)
        rows.append(
            manifest.model_dump()
            | {
                "batch_sequence": places[manifest.batch_id],
                "rows_in": manifest.rows_in - gone,
                "rows_quarantined": manifest.rows_quarantined - gone,
            }
        )
    arrays = {name: pa.array([row[name] for row in rows], kind) for name, kind in _BATCH_COLUMNS}
    con.register("landing_batches_now", pa.table(arrays))
    con.execute(
        "CREATE OR REPLACE TABLE quality.landing_batches AS SELECT * FROM landing_batches_now ORDER BY "
        "contract, batch_sequence, batch_id"
    )
    con.unregister("landing_batches_now")


def _quarantine_table(con: duckdb.DuckDBPyConnection, store: LandingStore, manifests: Sequence[Manifest]) -> None:
    """What is still in quarantine: rows that a later batch released are left out."""
    released = [(manifest.released_from, row) for manifest in manifests for row in manifest.released_rows]
    table = pa.table(
        {
            "batch_id": pa.array([batch for batch, _ in released], pa.string()),
            "source_row": pa.array([row for _, row in released], pa.int64()),
        }
    )
    con.register("released_now", table)
    _gather(
        con,
        store,
        manifests,
        "quarantine",
        "quarantined_rows",
        QUARANTINE_COLUMNS,
        " ANTI JOIN released_now USING (batch_id, source_row)",
    )
    con.unregister("released_now")


def _duplicates_table(con: duckdb.DuckDBPyConnection, store: LandingStore, manifests: Sequence[Manifest]) -> None:
    _gather(con, store, manifests, "duplicates", "duplicate_rows", DUPLICATE_COLUMNS, "")


def _gather(
    con: duckdb.DuckDBPyConnection,
    store: LandingStore,
    manifests: Sequence[Manifest],
    area: str,
    table: str,
    columns: Sequence[tuple[str, str]],
    minus: str,
) -> None:
    paths = [str(path) for manifest in manifests if (path := store.path_of(area, manifest)).is_file()]
    declared = ", ".join(f"{name} {kind}" for name, kind in columns)
    con.execute(f"CREATE OR REPLACE TABLE quality.{table} ({declared})")
    if paths:
        names = ", ".join(name for name, _ in columns)
        con.execute(
            f"INSERT INTO quality.{table} SELECT {names} FROM read_parquet({literal_list(paths)}, "
            f"hive_partitioning = false){minus} "
            f"ORDER BY contract, batch_id, source_row, {names}"
        )
