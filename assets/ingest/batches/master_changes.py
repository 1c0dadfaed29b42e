"""Master records that changed their meaning between two extracts: a code that names another item now
(`quality.master_changes`)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb

from assets.ingest.batches.manifest import current
from assets.ingest.landing.store import LandingStore
from assets.ingest.sqltext import literal, literal_list

# What a code means. A new price or supplier is news; a new name, category or unit is another article.
WATCHED = {"item": ("item_name", "category_name", "base_uom")}

_COLUMNS = """contract VARCHAR, source_instance VARCHAR, company_code VARCHAR, source_key VARCHAR, column_name VARCHAR,
    old_value VARCHAR, new_value VARCHAR, old_extract_date DATE, extract_date DATE, batch_id VARCHAR,
    source_file VARCHAR, source_row BIGINT"""


def register_master_changes(con: duckdb.DuckDBPyConnection, workspace: Path, as_of: dt.date) -> None:
    """(Re)create `quality.master_changes` (docs/interfaces.md) from the batches up to `as_of`, in the order they were
    taken."""
    store = LandingStore(workspace.resolve())
    con.execute("CREATE SCHEMA IF NOT EXISTS quality")
    con.execute(f"CREATE OR REPLACE TABLE quality.master_changes ({_COLUMNS})")
    for contract, columns in WATCHED.items():
        manifests = current(manifest for manifest in store.manifests(contract) if manifest.extract_date <= as_of)
        paths = [str(store.path_of("landing", manifest)) for manifest in manifests if manifest.contract_rows]
        if not paths:
            continue
        places = ", ".join(f"({literal(manifest.batch_id)}, {place})" for place, manifest in enumerate(manifests))
        for column in columns:
            con.execute(
                f"""INSERT INTO quality.master_changes
                    WITH versions AS (
                        SELECT r.*, b.place, {column} AS new_value,
                            lag({column}) OVER taken AS old_value,
                            lag(r.extract_date) OVER taken AS old_extract_date
                        FROM read_parquet({literal_list(paths)}, hive_partitioning = false) AS r
                        INNER JOIN (VALUES {places}) AS b (batch_id, place) USING (batch_id)
                        WINDOW taken AS (PARTITION BY source_instance, source_key ORDER BY place, source_row)
                    )
                    SELECT {literal(contract)}, source_instance, company_code, source_key, {literal(column)},
                        old_value, new_value, old_extract_date, extract_date, batch_id, source_file, source_row
                    FROM versions WHERE old_value <> new_value ORDER BY place, source_key"""
            )
