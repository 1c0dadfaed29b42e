"""The codes that masters have brought so far: what references are checked against."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from assets.ingest.batches.manifest import Manifest, current
from assets.ingest.batches.validity import valid_on
from assets.ingest.contracts import Contract
from assets.ingest.landing.database import IngestDatabase
from assets.ingest.landing.store import LandingStore
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.settings import SourceSettings
from assets.ingest.sqltext import ident, literal_list


def checked_masters(source: SourceSettings, sources: Sequence[SourceSettings], contract: Contract) -> frozenset[str]:
    """Masters that some source of the same company feeds; a reference to any other cannot be checked."""
    return frozenset(
        master
        for master in contract.references.values()
        for other in sources
        if other.company == source.company and load_mapping(other.mapping).feeds(master)
    )


def _source(manifest: Manifest) -> tuple[str, str]:
    return manifest.source_instance, manifest.dataset


def item_units(store: LandingStore, company: str, as_of: dt.date) -> str | None:
    """SQL of the base unit of each item of a company (code, base_uom) as its newest master says; None without one."""
    paths = [
        str(store.path_of("landing", manifest))
        for manifest in current(valid_on(store.manifests("item"), "item", as_of, _source))
        if manifest.contract_rows and manifest.company_code == company
    ]
    if not paths:
        return None
    return (
        "SELECT item_code AS code, arg_max(base_uom, extract_date) AS base_uom FROM "
        f"read_parquet({literal_list(paths)}, hive_partitioning = false) GROUP BY item_code"
    )


def load_known_codes(database: IngestDatabase, store: LandingStore, contract: Contract, as_of: dt.date) -> None:
    """Create `known_<master>` (company_code, code) for every master that the contract refers to, once a database.

    A code stays known once it has been landed with an extract that `as_of` may see (`validity.py`), even where a later master lacks it.
    """
    for master in sorted(set(contract.references.values()) - database.known_masters):
        database.connection.execute(f"CREATE OR REPLACE TABLE known_{master} (company_code VARCHAR, code VARCHAR)")
        paths = [
            str(store.path_of("landing", manifest))
            for manifest in current(valid_on(store.manifests(master), master, as_of, _source))
            if manifest.contract_rows
        ]
        if paths:
            database.connection.execute(
                f"INSERT INTO known_{master} SELECT DISTINCT company_code, {ident(f'{master}_code')} "
                f"FROM read_parquet({literal_list(paths)}, hive_partitioning = false)"
            )
        database.known_masters.add(master)
