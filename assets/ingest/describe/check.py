"""Tries a mapping on its source without landing anything: names, types, codes, row counts, and a sample through the
contract. What it finds is what a first run would have found, for a few rows and in one place."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assets.ingest.batches.report import ContractReport
from assets.ingest.contracts import Contract, ingest_order, load_contracts
from assets.ingest.describe.codes import code_findings
from assets.ingest.describe.findings import Finding
from assets.ingest.describe.sample_files import copy_sample
from assets.ingest.describe.types import type_findings
from assets.ingest.errors import IngestError
from assets.ingest.landing.contract_run import ContractRun
from assets.ingest.landing.database import IngestDatabase
from assets.ingest.landing.store import LandingStore
from assets.ingest.live.difference import Difference
from assets.ingest.live.extract import Opening
from assets.ingest.live.folder import DatasetFolder, Progress
from assets.ingest.live.opening import open_source
from assets.ingest.live.reader import Prepared
from assets.ingest.live.sql_reader import PreparedSql
from assets.ingest.live.watermark import ExtractState, Request
from assets.ingest.mapping.language import Dataset, Mapping
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.reading.dataset_of_file import files_of, unknown_files
from assets.ingest.reading.table_files import dataset_files
from assets.ingest.settings import SourceSettings

SAMPLE_ROWS = 1000
Count = int | None


@dataclass(frozen=True)
class DatasetCheck:
    """One dataset: rows in the source (None where counting costs reading), and what became of a sample."""

    dataset: str
    contract: str
    place: str
    rows: Count
    sampled: int = 0
    loaded: int = 0
    quarantined: int = 0
    excluded: int = 0


@dataclass(frozen=True)
class MappingCheck:
    """What the trial came to."""

    mapping: str
    datasets: tuple[DatasetCheck, ...]
    findings: tuple[Finding, ...]

    @property
    def is_good(self) -> bool:
        """True where nothing prevents a run."""
        return not any(finding.level == "error" for finding in self.findings)


def check_mapping(
    name: str, source: SourceSettings | None, *, rows: int = SAMPLE_ROWS, opening: Opening = open_source
) -> MappingCheck:
    """Try a mapping. Without a source only its schema is judged. Raises MappingError where that is broken."""
    mapping = load_mapping(name)
    if source is None:
        found = tuple(DatasetCheck(d.name, d.contract, d.place, None) for d in mapping.datasets)
        return MappingCheck(
            mapping.mapping, found, (Finding("info", "", "no source was named: only the schema was checked"),)
        )
    with tempfile.TemporaryDirectory(prefix="stockturn-check-") as folder:
        trial = _Trial(Path(folder), mapping, source, rows)
        if source.kind == "file":
            trial.copy_files()
        else:
            trial.take_sample(opening)
        return trial.land()


class _Trial:
    """A workspace that exists for the time of the check."""

    def __init__(self, folder: Path, mapping: Mapping, source: SourceSettings, rows: int) -> None:
        self.folder, self.mapping, self.source, self.rows = folder, mapping, source, rows
        self.sample = folder / "sample"
        self.sample.mkdir()
        self.counts: dict[str, Count] = {}
        self.findings: list[Finding] = []
        self.contracts = load_contracts()

    def copy_files(self) -> None:
        """The first rows of the newest file of each dataset, with the whole tables that it is joined to."""
        if not self.source.path.is_dir():
            self._add("error", "", f"the folder of source {self.source.name!r} does not exist")
            return
        joined = {file for dataset in self.mapping.datasets for file in self._joined(dataset)}
        cut: set[Path] = set()
        for dataset in self.mapping.datasets:
            for _, problem in unknown_files(self.source.path, self.mapping, dataset):
                self._add("error", dataset.name, str(problem))
            is_there = dataset.files or dataset.table
            files = files_of(self.source.path, self.mapping, dataset) if is_there else []
            if not files:
                level: Literal["error", "warning"] = "error" if dataset.required else "warning"
                self._add(level, dataset.name, f"no file matches {dataset.place}")
                continue
            for file in (files[-1], *self._joined(dataset)):
                target = self.sample / file.relative_to(self.source.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    # The rows of a sample look for theirs anywhere in a joined table.
                    if not target.exists() and copy_sample(file, target, sys.maxsize if file in joined else self.rows):
                        cut.add(file)
                except IngestError as problem:
                    self._add("error", dataset.name, str(problem))
            if files[-1] in cut:
                self.counts[dataset.name] = None

    def _joined(self, dataset: Dataset) -> list[Path]:
        """The newest extract of each table that a dataset is joined to."""
        return [
            file
            for join in dataset.join
            for file in dataset_files(self.source.path, dataset.model_copy(update={"table": join.table}))[-1:]
        ]

    def take_sample(self, opening: Opening) -> None:
        """The first rows of each dataset of a database or web service, as an extract."""
        try:
            with opening(self.source, self.mapping) as reader:
                for dataset in self.mapping.datasets:
                    try:
                        self._take(reader.prepare(dataset), dataset)
                    except IngestError as problem:
                        self._add("error", dataset.name, str(problem))
        except IngestError as problem:
            self._add("error", "", str(problem))

    def _take(self, prepared: Prepared, dataset: Dataset) -> None:
        if isinstance(prepared, PreparedSql):
            self.counts[dataset.name] = prepared.count()
            self.findings += type_findings(prepared, dataset, self.contracts[dataset.contract])
            self.findings += code_findings(prepared, dataset, self.mapping)
        folder = DatasetFolder(self.sample, dataset.name)
        progress = Progress(fingerprint=prepared.fingerprint, is_full=True)
        folder.begin(progress)
        taken = 0
        for batch in prepared.read(Request(), None):
            progress = folder.add_part(progress, prepared.headers, batch, 0)
            taken += len(batch.keys)
            if taken >= self.rows:
                break
        difference = Difference(folder, prepared.headers, is_keyed=prepared.is_keyed, is_dated=True)
        try:
            if difference.rows == 0:
                self._add("warning", dataset.name, f"{prepared.place} holds no rows")
                return
            outcome = difference.whole(dt.date.today(), 1, "baseline", prepared.place)  # noqa: DTZ011 - just a stamp
        finally:
            difference.close()
        state = ExtractState(fingerprint=prepared.fingerprint, sequence=1, last_day=dt.date.max, files=outcome.files)
        folder.commit(state)

    def land(self) -> MappingCheck:
        """The sample through the contracts."""
        source = self.source.model_copy(update={"path": self.sample, "required": False})
        store = LandingStore(self.folder / "workspace")
        database = IngestDatabase(store.work_folder)
        reports: dict[str, ContractReport] = {}
        # A file without a day in its name is of the day of the run.
        today = dt.date.today()  # noqa: DTZ011 - just a stamp
        try:
            for name in ingest_order(self.contracts):
                if self.mapping.feeds(name):
                    contract = self._without_references(self.contracts[name])
                    reports[name] = ContractRun(store, database, contract, [source], today).go()
            quarantined = list(_quarantined(store, database))
        finally:
            database.close()
        found = []
        for dataset in self.mapping.datasets:
            batches = [batch for batch in reports[dataset.contract].batches if batch.dataset == dataset.name]
            for batch in batches:
                if batch.status == "refused":
                    self._add("error", dataset.name, batch.message)
            self._judge(dataset, [row[1:] for row in quarantined if row[0] in {batch.batch_id for batch in batches}])
            found.append(
                DatasetCheck(
                    dataset.name,
                    dataset.contract,
                    dataset.place,
                    self.counts.get(dataset.name, sum(batch.rows_in for batch in batches) if batches else None),
                    sum(batch.rows_in for batch in batches),
                    sum(batch.rows_loaded for batch in batches),
                    sum(batch.rows_quarantined for batch in batches),
                    sum(batch.rows_excluded for batch in batches),
                )
            )
        return MappingCheck(self.mapping.mapping, tuple(found), tuple(self.findings))

    def _judge(self, dataset: Dataset, rows: list[tuple[str, str, str, int]]) -> None:
        for rule, column, reason, count in rows:
            self._add(
                "error", dataset.name, f"{count} rows of the sample break {rule} of {column or 'the row'}: {reason}"
            )

    @staticmethod
    def _without_references(contract: Contract) -> Contract:
        """A sample of a master does not hold every code, so a missing one means nothing here."""
        return contract.model_copy(update={"references": {}})

    def _add(self, level: Literal["error", "warning", "info"], dataset: str, message: str) -> None:
        self.findings.append(Finding(level, dataset, message))


def _quarantined(store: LandingStore, database: IngestDatabase) -> Iterator[tuple[str, str, str, str, int]]:
    """Broken rules of the sample: batch, rule, column, the first reason, rows."""
    for manifest in store.manifests():
        path = store.path_of("quarantine", manifest)
        if path.is_file():
            yield from database.connection.execute(
                "SELECT batch_id, rule_id, column_name, min(reason), count(*) FROM "
                "read_parquet($path, hive_partitioning = false) GROUP BY ALL ORDER BY ALL",
                {"path": str(path)},
            ).fetchall()
