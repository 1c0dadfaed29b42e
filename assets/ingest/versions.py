"""Newest versions of the rows that a source has landed: what a row of a later file is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from assets.ingest.contracts import Contract
from assets.ingest.manifest import Manifest, current
from assets.ingest.sqltext import ident, literal_list
from assets.ingest.store import LandingStore

KNOWN_VERSIONS = "known_versions"
# Beside the contract's own columns, what makes two versions of a row different.
_CONTENT_ENVELOPE = ("source_status", "source_created_at", "source_updated_at", "is_deleted", "ext")


def content_columns(contract: Contract) -> list[str]:
    """Columns in which two versions of a row can differ, quoted."""
    return [ident(name) for name in (*contract.columns, *_CONTENT_ENVELOPE)]


def hashes(contract: Contract) -> str:
    """SQL of key hash and content hash of a contract row.

    64 bits: taking a changed row for an unchanged one needs a collision of both, about 1e-19 per comparison.
    """
    return f"hash(source_key) AS key_hash, hash({', '.join(content_columns(contract))}) AS content_hash"


class KnownVersions:
    """Table `known_versions` (key_hash, content_hash, place) of one source instance at a time."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, store: LandingStore, contract: Contract) -> None:
        self.connection, self.store, self.contract = connection, store, contract
        self.instance: str | None = None
        self.rows = 0

    def load(self, instance: str, manifests: Sequence[Manifest], places: Mapping[str, int]) -> bool:
        """Fill from what the instance has landed before this run; False where there is nothing to compare with."""
        if self.instance != instance:
            self.instance, self.rows = instance, 0
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {KNOWN_VERSIONS} (key_hash UBIGINT, content_hash UBIGINT, place BIGINT)"
            )
            landed = [
                manifest
                for manifest in current(manifests)
                if manifest.source_instance == instance and manifest.contract_rows and manifest.batch_id in places
            ]
            if landed:
                of_batch = ", ".join(f"('{batch.batch_id}', {places[batch.batch_id]})" for batch in landed)
                paths = literal_list(str(self.store.path_of("landing", manifest)) for manifest in landed)
                self._insert(
                    f"SELECT {hashes(self.contract)}, b.place FROM read_parquet({paths}, hive_partitioning = false) "
                    f"JOIN (VALUES {of_batch}) AS b (batch_id, place) USING (batch_id)"
                )
        return self.rows > 0

    def add(self, landed_sql: str, place: int) -> None:
        """Take the rows of a batch of this run into account."""
        self._insert(f"SELECT {hashes(self.contract)}, {place} FROM ({landed_sql})")

    def forget(self) -> None:
        """Load again before the next comparison."""
        self.instance = None

    def _insert(self, query: str) -> None:
        row = self.connection.execute(f"INSERT INTO {KNOWN_VERSIONS} {query}").fetchone()
        self.rows += int(row[0]) if row is not None else 0
