"""The ingest stage: reads what is new for a contract and lands it. Entry points for the orchestration; no Dagster
here."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from assets.ingest.contracts import Contract, load_contracts
from assets.ingest.discovery import Candidate, extract_date_of, find_candidates
from assets.ingest.engine import FileEngine, connect, hashes
from assets.ingest.errors import IngestError
from assets.ingest.header import dataset_headers
from assets.ingest.land import land_batch, land_duplicate_file
from assets.ingest.manifest import Manifest, batch_id, current
from assets.ingest.mapping_loader import load_mapping
from assets.ingest.masters import checked_masters, load_known_codes
from assets.ingest.readers.files import read_file
from assets.ingest.readers.raw import RawFile
from assets.ingest.release import load_raw_again, releasable_rows
from assets.ingest.settings import SourceSettings
from assets.ingest.sqltext import literal_list
from assets.ingest.store import LandingStore


@dataclass(frozen=True)
class ContractReport:
    """What one run did for one contract. Rows are source rows and add up; see Manifest."""

    contract: str
    batches: tuple[Manifest, ...] = ()
    unchanged_files: int = 0
    removed_leftovers: tuple[str, ...] = ()

    def _sum(self, name: str) -> int:
        return sum(getattr(batch, name) for batch in self.batches if batch.released_from is None)

    @property
    def rows_in(self) -> int:
        """Source rows of the files read in this run."""
        return self._sum("rows_in")

    @property
    def rows_loaded(self) -> int:
        """Source rows landed from those files."""
        return self._sum("rows_loaded")

    @property
    def rows_quarantined(self) -> int:
        """Source rows of those files that went to quarantine."""
        return self._sum("rows_quarantined")

    @property
    def rows_duplicate(self) -> int:
        """Source rows of those files that changed nothing."""
        return self._sum("rows_duplicate")

    @property
    def rows_excluded(self) -> int:
        """Source rows of those files that the mapping leaves out."""
        return self._sum("rows_excluded")

    @property
    def rows_released(self) -> int:
        """Source rows of earlier files that left quarantine in this run."""
        return sum(batch.rows_in for batch in self.batches if batch.released_from is not None)

    @property
    def refusals(self) -> tuple[str, ...]:
        """One sentence for every file that was refused whole."""
        return tuple(batch.message for batch in self.batches if batch.status == "refused")

    @property
    def is_closed(self) -> bool:
        """rows_in = rows_loaded + rows_quarantined + rows_duplicate + rows_excluded, batch by batch."""
        return all(batch.is_closed for batch in self.batches)


def ingest(workspace: Path, sources: Sequence[SourceSettings], contract: str, as_of: dt.date) -> ContractReport:
    """Read every file up to `as_of` that is not yet landed for the contract, and release what quarantine can let go.

    Masters come before what refers to them (`contracts.ingest_order`). A file that cannot be understood is recorded
    as refused and
    the others go on; MappingError is raised for a mapping that is wrong, before anything is read.
    """
    store = LandingStore(workspace)
    removed = store.clean(contract)
    work = store.work_folder(contract)
    connection = connect(work)
    try:
        run = _Run(store, connection, load_contracts()[contract], tuple(sources), as_of, work)
        return run.go(tuple(removed))
    finally:
        connection.close()
        shutil.rmtree(work, ignore_errors=True)


@dataclass
class _Run:
    store: LandingStore
    connection: duckdb.DuckDBPyConnection
    contract: Contract
    sources: tuple[SourceSettings, ...]
    as_of: dt.date
    work: Path
    manifests: list[Manifest] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    versions_of: str | None = None
    in_full: dict[tuple[str, ...], set[str]] = field(default_factory=dict)

    def go(self, removed: tuple[str, ...]) -> ContractReport:
        candidates = find_candidates(self.sources, self.contract.name, self.as_of)
        self.manifests = self._without_refusals()
        load_known_codes(self.connection, self.store, self.contract, self.as_of)
        done: list[Manifest] = []
        drafts: list[tuple[Candidate, Manifest]] = []
        unchanged = 0
        for candidate in candidates:
            draft = self._draft(candidate)
            if draft is None:
                unchanged += 1
            else:
                drafts.append((candidate, draft))
        self._rank([draft for _, draft in drafts])
        done += self._release()
        for number, (candidate, draft) in enumerate(drafts):
            more = any(later.source_instance == draft.source_instance for _, later in drafts[number + 1 :])
            done.append(self._take(candidate, draft, more))
        return ContractReport(self.contract.name, tuple(done), unchanged, removed)

    def _without_refusals(self) -> list[Manifest]:
        """Recorded batches; refusals that this run will judge again are forgotten first."""
        instances = {source.instance for source in self.sources}
        kept = []
        for manifest in self.store.manifests(self.contract.name):
            if (
                manifest.status == "refused"
                and manifest.source_instance in instances
                and manifest.extract_date <= self.as_of
            ):
                self.store.forget_refusal(manifest)
            else:
                kept.append(manifest)
        return kept

    def _draft(self, candidate: Candidate) -> Manifest | None:
        """The record to be filled for a file; None where its newest state has been landed by this mapping."""
        source, mapping, dataset = candidate.source, candidate.mapping, candidate.dataset
        history = [
            manifest
            for manifest in self.manifests
            if (manifest.source_instance, manifest.dataset, manifest.source_file)
            == (source.instance, dataset.name, candidate.name)
            and manifest.released_from is None
            and manifest.status != "refused"
        ]
        latest = max(history, key=lambda manifest: (manifest.revision, manifest.mapping_version), default=None)
        revision = 0
        if latest is not None:
            is_same = latest.source_sha256 == candidate.sha256
            if is_same and (latest.mapping, latest.mapping_version) == (mapping.mapping, mapping.version):
                return None
            revision = latest.revision if is_same else latest.revision + 1
        day = (
            latest.extract_date
            if latest is not None and dataset.extract_date is None and revision == latest.revision
            else candidate.extract_date
        )
        identity = (
            source.instance,
            dataset.name,
            candidate.name,
            candidate.sha256,
            day,
            mapping.mapping,
            mapping.version,
            revision,
        )
        return Manifest(
            batch_id=batch_id(self.contract.name, *identity),
            contract=self.contract.name,
            dataset=dataset.name,
            source_system=mapping.source_system,
            source_instance=source.instance,
            company_code=source.company,
            source_file=candidate.name,
            source_sha256=candidate.sha256,
            extract_date=day,
            scope_kind=dataset.scope,
            mapping=mapping.mapping,
            mapping_version=mapping.version,
            status="loaded",
            revision=revision,
        )

    def _rank(self, drafts: list[Manifest]) -> None:
        """Give every batch, landed or to come, its place in the order."""
        every = {manifest.batch_id: manifest for manifest in [*current([*self.manifests, *drafts])]}
        self.places = {manifest.batch_id: place for place, manifest in enumerate(every.values())}

    def _take(self, candidate: Candidate, draft: Manifest, more: bool) -> Manifest:
        """Land one file, or record why not."""
        try:
            if candidate.problem is not None or candidate.path is None:
                raise candidate.problem or IngestError("cannot be read", file=candidate.name)
            first = self._same_content(draft)
            if first is not None:
                manifest = land_duplicate_file(self.connection, self.store, draft, first)
            else:
                must, may = dataset_headers(candidate.dataset)
                raw = read_file(
                    self.connection, candidate.path, candidate.name, candidate.dataset, [*must, *may], self.work
                )
                manifest = self._land(candidate, draft, raw, more)
        except IngestError as error:
            manifest = draft.model_copy(update={"status": "refused", "message": str(error)})
            self.store.write_manifest(manifest)
        self.manifests.append(manifest)
        return manifest

    def _same_content(self, draft: Manifest) -> Manifest | None:
        """An earlier batch of the same dataset with the same content under another name."""
        same = [
            manifest
            for manifest in self.manifests
            if manifest.status == "loaded"
            and manifest.released_from is None
            and manifest.rows_in > 0
            and manifest.source_sha256 == draft.source_sha256
            and manifest.source_file != draft.source_file
            and (manifest.source_instance, manifest.dataset, manifest.mapping, manifest.mapping_version)
            == (draft.source_instance, draft.dataset, draft.mapping, draft.mapping_version)
        ]
        return min(same, key=lambda manifest: manifest.order) if same else None

    def _land(self, candidate: Candidate, draft: Manifest, raw: RawFile, more: bool) -> Manifest:
        engine = FileEngine(
            self.connection,
            self.contract,
            candidate.mapping,
            candidate.dataset,
            candidate.source,
            raw,
            candidate.name,
            checked_masters(candidate.source, self.sources, self.contract),
            self.in_full.setdefault((draft.dataset, *raw.header), set()),
        )
        compare = draft.scope_kind == "key" and self._load_versions(draft)
        counts = engine.run(place=self.places[draft.batch_id], compare_landed=compare)
        batch_at = {place: batch for batch, place in self.places.items()}
        manifest = land_batch(self.connection, self.store, self.contract, engine, counts, draft, batch_at)
        if more and manifest.contract_rows and self.versions_of == draft.source_instance:
            self.connection.execute(
                f"INSERT INTO known_versions SELECT {hashes(self.contract)}, {self.places[draft.batch_id]} "
                f"FROM ({engine.landed_sql})"
            )
        return manifest

    def _load_versions(self, draft: Manifest) -> bool:
        """Fill `known_versions` from what the instance has landed before this run; False where there is nothing to
        compare."""
        if self.versions_of != draft.source_instance:
            self.versions_of = draft.source_instance
            self.connection.execute("DELETE FROM known_versions")
            landed = [
                manifest
                for manifest in current(self.manifests)
                if manifest.source_instance == draft.source_instance
                and manifest.contract_rows
                and manifest.batch_id in self.places
            ]
            if landed:
                self.connection.execute("CREATE OR REPLACE TEMP TABLE batch_places (batch_id VARCHAR, place BIGINT)")
                self.connection.executemany(
                    "INSERT INTO batch_places VALUES (?, ?)",
                    [(manifest.batch_id, self.places[manifest.batch_id]) for manifest in landed],
                )
                paths = literal_list(str(self.store.path_of("landing", manifest)) for manifest in landed)
                self.connection.execute(
                    f"INSERT INTO known_versions SELECT {hashes(self.contract)}, b.place "
                    f"FROM read_parquet({paths}, hive_partitioning = false) JOIN batch_places AS b USING (batch_id)"
                )
        row = self.connection.execute("SELECT count(*) FROM known_versions").fetchone()
        return row is not None and row[0] > 0

    def _release(self) -> list[Manifest]:
        """Land rows of quarantine whose missing master has come."""
        done = []
        for parent, rows in releasable_rows(
            self.connection, self.store, self.contract, current(self.manifests), self.as_of
        ):
            source = next((source for source in self.sources if source.instance == parent.source_instance), None)
            mapping = load_mapping(source.mapping) if source is not None else None
            dataset = (
                next((dataset for dataset in mapping.datasets if dataset.name == parent.dataset), None)
                if mapping
                else None
            )
            if source is None or mapping is None or dataset is None or parent.batch_id not in self.places:
                continue
            draft = parent.model_copy(
                update={
                    "batch_id": batch_id(self.contract.name, parent.batch_id, "released", *rows),
                    "released_from": parent.batch_id,
                    "released_rows": tuple(rows),
                    "message": f"released from quarantine of {parent.batch_id}: the missing master has arrived",
                }
            )
            self.places[draft.batch_id] = self.places[parent.batch_id]
            raw = load_raw_again(self.connection, self.store, parent, rows)
            candidate = Candidate(source, mapping, dataset, parent.source_file, parent.extract_date)
            manifest = self._land(candidate, draft, raw, more=False)
            self.manifests.append(manifest)
            done.append(manifest)
        self.versions_of = None
        return done


def latest_extract_date(workspace: Path, sources: Sequence[SourceSettings]) -> dt.date | None:
    """The newest day that landed batches or the names of waiting files bear; None where nothing is dated."""
    instances = {source.instance for source in sources}
    days = [
        manifest.extract_date
        for manifest in LandingStore(workspace).manifests()
        if manifest.source_instance in instances and manifest.status != "refused"
    ]
    for source in sources:
        for dataset in load_mapping(source.mapping).datasets:
            if dataset.extract_date is None or not source.path.is_dir():
                continue
            for path in source.path.glob(dataset.files):
                try:
                    days.append(extract_date_of(dataset, path.name, dt.date.min))
                except IngestError:
                    continue
    return max(days, default=None)


def capabilities(sources: Sequence[SourceSettings]) -> list[tuple[str, str, str, str, bool]]:
    """Rows of control.source_capabilities: source_instance, source_system, contract, capability, is_available.

    Every contract that a mapping feeds carries the mapping's flags and `is_fed`; contracts that it does not feed
    have `is_fed` false.
    """
    rows = []
    for source in sources:
        mapping = load_mapping(source.mapping)
        for contract in load_contracts():
            is_fed = bool(mapping.feeds(contract))
            rows.append((source.instance, mapping.source_system, contract, "is_fed", is_fed))
            rows += [
                (source.instance, mapping.source_system, contract, name, flag)
                for name, flag in sorted(mapping.capabilities.items())
                if is_fed
            ]
    return sorted(set(rows))
