"""Newest versions of the rows that a source has landed: what a row of a later file is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from assets.ingest.batches.landed_rows import landed_rows
from assets.ingest.batches.manifest import Manifest, current
from assets.ingest.contracts import Contract
from assets.ingest.landing.store import LandingStore
from assets.ingest.sqltext import ident, literal

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
    """What one source instance has landed, at a time: table `known_versions` (key_hash, place) of every row, and on
    demand table `known_content` (key_hash, content_hash, place) of the rows with certain keys.

    Keys are one column of fifty: a source of ten million rows that brings ten new ones must not have them all read.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, store: LandingStore, contract: Contract) -> None:
        self.connection, self.store, self.contract = connection, store, contract
        self.instance: str | None = None
        self.rows = 0
        self._landed: list[tuple[Manifest, int]] = []

    def load(self, instance: str, manifests: Sequence[Manifest], places: Mapping[str, int]) -> bool:
        """Fill from what the instance has landed before this run; False where there is nothing to compare with."""
        if self.instance != instance:
            self.instance, self.rows, self._landed = instance, 0, []
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {KNOWN_VERSIONS} (key_hash UBIGINT, place BIGINT)")
            self._add(
                [
                    (manifest, places[manifest.batch_id])
                    for manifest in current(manifests)
                    if manifest.source_instance == instance and manifest.contract_rows and manifest.batch_id in places
                ]
            )
        return self.rows > 0

    def add(self, manifest: Manifest, place: int) -> None:
        """Take a batch of this run into account, which has been landed."""
        self._add([(manifest, place)])

    def forget(self) -> None:
        """Load again before the next comparison."""
        self.instance = None

    def load_content(self, keys: str) -> None:
        """Fill `known_content` with the rows whose key is in the column `source_key` of query `keys`."""
        span = self.connection.execute(f"SELECT min(source_key), max(source_key) FROM ({keys})").fetchone()
        low, high = span or (None, None)
        # Documents are numbered as they come, so the span leaves most row groups unread.
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE known_content AS SELECT {hashes(self.contract)}, place FROM "
            f"({self._rows(self._landed)}) WHERE source_key BETWEEN {literal(low)} AND {literal(high)} "
            f"AND source_key IN (SELECT source_key FROM ({keys}))"
        )

    def _add(self, landed: list[tuple[Manifest, int]]) -> None:
        if landed:
            self._landed += landed
            row = self.connection.execute(
                f"INSERT INTO {KNOWN_VERSIONS} SELECT hash(source_key), place FROM ({self._rows(landed)})"
            ).fetchone()
            self.rows += int(row[0]) if row is not None else 0

    def _rows(self, landed: list[tuple[Manifest, int]]) -> str:
        """SQL of the rows of batches, with their `place`."""
        of_batch = ", ".join(f"({literal(manifest.batch_id)}, {place})" for manifest, place in landed)
        rows = landed_rows([str(self.store.path_of("landing", manifest)) for manifest, _ in landed], self.contract)
        return f"SELECT r.*, b.place FROM {rows} AS r JOIN (VALUES {of_batch}) AS b (batch_id, place) USING (batch_id)"
