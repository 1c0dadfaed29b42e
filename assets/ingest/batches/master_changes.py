"""Master records that changed between two extracts: what a code means, what orders depend on, records that are new and records that
are gone (`quality.master_changes`)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb

from assets.ingest.batches.landed_rows import landed_rows
from assets.ingest.batches.manifest import Manifest, current
from assets.ingest.contracts import load_contracts
from assets.ingest.landing.store import LandingStore
from assets.ingest.sqltext import literal, literal_list

# What a code means (name, category, unit: another article) and what orders are computed from. A price or a supplier that
# changed is everyday business.
MEANING = {"item": ("item_name", "category_name", "base_uom")}
PARAMETERS = {
    "item": ("order_multiple_units", "moq_units", "lead_time_days", "safety_stock_units", "shelf_life_days")
}  # fmt: skip
# The column name under which a record is noted that a full extract had and the next one has not.
RECORD_GONE = "record"

_COLUMNS = """contract VARCHAR, source_instance VARCHAR, company_code VARCHAR, source_key VARCHAR, column_name VARCHAR,
    old_value VARCHAR, new_value VARCHAR, old_extract_date DATE, extract_date DATE, batch_id VARCHAR,
    source_file VARCHAR, source_row BIGINT"""


def register_master_changes(con: duckdb.DuckDBPyConnection, workspace: Path, as_of: dt.date) -> None:
    """(Re)create `quality.master_changes` (docs/interfaces.md) from the batches up to `as_of`, in the order they were
    taken. The parameters of a record that a later extract brings for the first time are noted without an old value."""
    store = LandingStore(workspace.resolve())
    con.execute("CREATE SCHEMA IF NOT EXISTS quality")
    con.execute(f"CREATE OR REPLACE TABLE quality.master_changes ({_COLUMNS})")
    contracts = load_contracts()
    for contract in MEANING:
        manifests = current(manifest for manifest in store.manifests(contract) if manifest.extract_date <= as_of)
        paths = [str(store.path_of("landing", manifest)) for manifest in manifests if manifest.contract_rows]
        if not paths:
            continue
        places = ", ".join(f"({literal(manifest.batch_id)}, {place})" for place, manifest in enumerate(manifests))
        rows = landed_rows(paths, contracts[contract])
        for column in (*MEANING[contract], *PARAMETERS[contract]):
            is_new = "old_extract_date IS NULL AND place > first_place" if column in PARAMETERS[contract] else "false"
            con.execute(
                f"""INSERT INTO quality.master_changes
                    WITH versions AS (
                        SELECT r.*, b.place, {column}::VARCHAR AS new_value,
                            lag({column}::VARCHAR) OVER taken AS old_value,
                            lag(r.extract_date) OVER taken AS old_extract_date,
                            min(b.place) OVER (PARTITION BY source_instance) AS first_place
                        FROM {rows} AS r
                        INNER JOIN (VALUES {places}) AS b (batch_id, place) USING (batch_id)
                        WINDOW taken AS (PARTITION BY source_instance, source_key ORDER BY place, source_row)
                    )
                    SELECT {literal(contract)}, source_instance, company_code, source_key, {literal(column)},
                        old_value, new_value, old_extract_date, extract_date, batch_id, source_file, source_row
                    FROM versions
                    WHERE old_value <> new_value OR new_value IS NOT NULL AND {is_new}
                    ORDER BY place, source_key"""
            )
        _note_gone(con, contract, [m for m in manifests if m.scope_kind == "full" and m.contract_rows], store)


def _note_gone(con: duckdb.DuckDBPyConnection, contract: str, manifests: list[Manifest], store: LandingStore) -> None:
    """Records of a full extract that the same dataset's next full extract has not. The file noted is the one that lacks them."""
    if len(manifests) < 2:
        return
    batches = ", ".join(f"({literal(m.batch_id)}, {literal(m.dataset)})" for m in manifests)
    paths = literal_list([str(store.path_of("landing", m)) for m in manifests])
    con.execute(
        f"""INSERT INTO quality.master_changes
            WITH records AS (
                SELECT r.source_instance, r.company_code, r.source_key, r.item_name, r.extract_date, r.batch_id,
                    r.source_file, b.dataset
                FROM read_parquet({paths}, hive_partitioning = false) AS r
                INNER JOIN (VALUES {batches}) AS b (batch_id, dataset) USING (batch_id)
            ), days AS (
                SELECT source_instance, dataset, extract_date, min(batch_id) AS batch_id, min(source_file) AS source_file
                FROM records GROUP BY ALL
            ), extracts AS (
                SELECT source_instance, dataset, extract_date,
                    lead(extract_date) OVER following AS next_date, lead(batch_id) OVER following AS next_batch_id,
                    lead(source_file) OVER following AS next_file
                FROM days WINDOW following AS (PARTITION BY source_instance, dataset ORDER BY extract_date)
            )
            SELECT {literal(contract)}, r.source_instance, r.company_code, r.source_key, {literal(RECORD_GONE)},
                r.item_name, NULL, r.extract_date, e.next_date, e.next_batch_id, e.next_file, NULL
            FROM records AS r
            INNER JOIN extracts AS e USING (source_instance, dataset, extract_date)
            WHERE e.next_date IS NOT NULL AND NOT EXISTS (
                FROM records AS n
                WHERE n.source_instance = r.source_instance AND n.dataset = r.dataset
                    AND n.extract_date = e.next_date AND n.source_key = r.source_key
            ) ORDER BY ALL"""
    )
