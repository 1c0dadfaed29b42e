"""One contract in one run: what is new is drafted, ranked among what was landed before, and landed file by file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path

from assets.ingest.batches.history import History
from assets.ingest.batches.manifest import Manifest, batch_id, current
from assets.ingest.batches.report import ContractReport
from assets.ingest.contracts import Contract
from assets.ingest.errors import IngestError
from assets.ingest.landing.batch_columns import batch_stamp
from assets.ingest.landing.database import IngestDatabase
from assets.ingest.landing.known_codes import checked_masters, item_units, load_known_codes
from assets.ingest.landing.known_versions import KnownVersions
from assets.ingest.landing.pieces_on_spark import SparkPieces
from assets.ingest.landing.quarantine_release import awaits_masters, load_raw_again, releasable_rows
from assets.ingest.landing.row_outcomes import FileEngine
from assets.ingest.landing.store import LandingStore
from assets.ingest.landing.write_batch import land_batch, land_duplicate_file
from assets.ingest.mapping.expressions import bind, parse_expression
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.mapping.source_keys import EXTRACT_DATE
from assets.ingest.reading.any_file import read_file
from assets.ingest.reading.discovery import Candidate, Problems, as_read, find_candidates
from assets.ingest.reading.header_match import dataset_headers, refuse_other_kind
from assets.ingest.reading.joined_tables import read_joined
from assets.ingest.reading.quantity_signs import add_signs
from assets.ingest.reading.raw_table import RawFile
from assets.ingest.reading.table_files import table_day
from assets.ingest.reading.tenants import refuse_several_tenants
from assets.ingest.settings import SourceSettings
from assets.ingest.sqltext import literal
from assets.ingest.typing.damaged_codes import restore_codes
from assets.ingest.typing.unit_conversion import bring_to_base


class ContractRun:
    """Reads every file up to `as_of` that is not yet landed for a contract."""

    def __init__(
        self,
        store: LandingStore,
        database: IngestDatabase,
        contract: Contract,
        sources: Sequence[SourceSettings],
        as_of: dt.date,
        problems: Problems | None = None,
        spark: SparkPieces | None = None,
    ) -> None:
        self.store, self.database, self.contract = store, database, contract
        self.sources, self.as_of, self.problems = tuple(sources), as_of, problems
        self._spark = spark
        self.history = History(())
        self.places: dict[str, int] = {}
        self.in_full: dict[tuple[str, ...], set[str]] = {}

    def go(self) -> ContractReport:
        """Land what is new; see ContractReport."""
        removed = self.store.clean(self.contract.name)
        candidates = find_candidates(self.sources, self.contract.name, self.as_of, self.problems)
        self.history = History(self._without_refusals())
        drafts = [
            (candidate, draft)
            for candidate in candidates
            if (draft := self.history.draft(self.contract, candidate)) is not None
        ]
        waiting = awaits_masters(self.database, self.store, self.contract, current(self.history.manifests), self.as_of)
        done: list[Manifest] = []
        if drafts or waiting:
            self._rank([draft for _, draft in drafts])
            load_known_codes(self.database, self.store, self.contract, self.as_of)
            done += self._release(waiting)
            last = {draft.source_instance: number for number, (_, draft) in enumerate(drafts)}
            for number, (candidate, draft) in enumerate(drafts):
                done.append(self._take(candidate, draft, more=number < last[draft.source_instance]))
        # A master that has just grown must be read again by whatever refers to it.
        if done:
            self.database.known_masters.discard(self.contract.name)
        return ContractReport(self.contract.name, tuple(done), len(candidates) - len(drafts), tuple(removed))

    @cached_property
    def versions(self) -> KnownVersions:
        """The comparison table, made when a file is first compared."""
        return KnownVersions(self.database.connection, self.store, self.contract)

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

    def _rank(self, drafts: list[Manifest]) -> None:
        """Give every batch, landed or to come, its place in the order."""
        every = {manifest.batch_id: manifest for manifest in current([*self.history.manifests, *drafts])}
        self.places = {manifest.batch_id: place for place, manifest in enumerate(every.values())}

    def _take(self, candidate: Candidate, draft: Manifest, more: bool) -> Manifest:
        """Land one file, or record why not. `more`: later files of the instance will be compared with it."""
        connection = self.database.connection
        try:
            if candidate.problem is not None or candidate.path is None:
                raise candidate.problem or IngestError("cannot be read", file=candidate.name)
            first = self.history.same_content(draft)
            if first is not None:
                manifest = land_duplicate_file(connection, self.store, draft, first)
            else:
                raw = self._prepared(candidate, self._read(candidate, candidate.path, draft.extract_date))
                manifest = self._land(candidate, draft, raw, more)
        except IngestError as error:
            manifest = draft.model_copy(update={"status": "refused", "message": str(error)})
            self.store.write_manifest(manifest)
        self.history.add(manifest)
        return manifest

    def _read(self, candidate: Candidate, path: Path, extract_date: dt.date) -> RawFile:
        """Table `raw` of a file, or of a table with those that are joined to it."""
        connection, dataset, work = self.database.connection, candidate.dataset, self.database.work
        must, may = dataset_headers(dataset)
        is_of_lake = dataset.is_one_table and (path.is_dir() or path.parent != candidate.source.path)
        if (dataset.is_read_as_it_stands or is_of_lake) and EXTRACT_DATE not in must:
            # Several contract rows of a source row need the whole file at once.
            in_pieces = len(dataset.branches) == 1 and not dataset.is_whole
            shape = dataset.model_copy(update={"allow_empty": True}) if is_of_lake else dataset
            return read_file(connection, path, candidate.name, shape, [*must, *may], work, in_pieces=in_pieces)
        source = candidate.source
        values = candidate.mapping.parameter_values(source.parameters, source.built_in_parameters)
        return read_joined(
            connection,
            path,
            candidate.name,
            dataset,
            work,
            lambda text: bind(parse_expression(text), values),
            table_day(path),
            extract_date,
        )

    def _prepared(self, candidate: Candidate, raw: RawFile) -> RawFile:
        """What was read, refused where it is no file of the dataset's kind, with the sign of its quantities told."""
        dataset, source = candidate.dataset, candidate.source
        refuse_other_kind(dataset, raw.header, candidate.name)
        values = candidate.mapping.parameter_values(source.parameters, source.built_in_parameters)
        refuse_several_tenants(self.database.connection, raw, dataset, values, candidate.name)
        if dataset.signs is None:
            return raw
        return add_signs(self.database.connection, raw, dataset, candidate.mapping, values, candidate.name)

    def _restore(self, candidate: Candidate, masters: frozenset[str], raw: RawFile, landed: str | None) -> RawFile:
        """What only the item master can put right: codes that a spreadsheet has damaged, quantities in another unit.

        No spreadsheet has been between a system's tables and us.
        """
        if candidate.source.kind != "file" or candidate.dataset.table is not None:
            return raw
        by_cell = candidate.name.lower().endswith((".xlsx", ".xls"))
        company = literal(candidate.source.company)
        known = f"SELECT code FROM known_item WHERE company_code = {company}" if "item" in masters else None
        raw = restore_codes(
            self.database.connection, raw, candidate.dataset, self.contract, known, landed=landed, by_cell=by_cell
        )
        if not raw.units:
            return raw
        units = item_units(self.store, candidate.source.company, self.as_of)
        return bring_to_base(self.database.connection, raw, candidate.dataset, self.contract, units)

    def _land(self, candidate: Candidate, draft: Manifest, raw: RawFile, more: bool) -> Manifest:
        masters = checked_masters(candidate.source, self.sources, self.contract)
        engine = FileEngine(
            self.database,
            self.contract,
            candidate.mapping,
            candidate.dataset,
            candidate.source,
            raw,
            candidate.name,
            masters,
            self.in_full.setdefault((draft.dataset, *raw.header), set()),
            partial(self._restore, candidate, masters),
            self._spark,
        )
        place = self.places[draft.batch_id]
        compare = draft.scope_kind == "key" and self.versions.load(
            draft.source_instance, self.history.manifests, self.places
        )
        counts = engine.run(
            place=place,
            landed=self.versions if compare else None,
            stamp=batch_stamp(draft),
            part_of=lambda name: self.store.part_of(draft, name),
        )
        manifest = land_batch(self.database.connection, self.store, self.contract, engine, counts, draft, self.places)
        if more and manifest.contract_rows and self.versions.instance == draft.source_instance:
            self.versions.add(manifest, place)
        return manifest

    def _release(self, waiting: Sequence[Manifest]) -> list[Manifest]:
        """Land rows of quarantine whose missing master has come."""
        done = []
        connection = self.database.connection
        manifests = current(self.history.manifests)
        for parent, rows in releasable_rows(connection, self.store, self.contract, manifests, waiting):
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
            raw = load_raw_again(connection, self.store, parent, rows)
            candidate = Candidate(source, mapping, as_read(source, dataset), parent.source_file, parent.extract_date)
            manifest = self._land(candidate, draft, raw, more=False)
            self.history.add(manifest)
            done.append(manifest)
        self.versions.forget()
        return done
