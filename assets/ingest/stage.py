"""The ingest stage: reads what is new in every source and lands it. Entry points for the orchestration; no Dagster
here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from assets.ingest.batches.report import ContractReport
from assets.ingest.contracts import ingest_order, load_contracts
from assets.ingest.errors import IngestError, PartlyUnread, SourceUnreadable
from assets.ingest.landing.contract_run import ContractRun
from assets.ingest.landing.database import IngestDatabase
from assets.ingest.landing.pieces_on_spark import SparkPieces
from assets.ingest.landing.store import LandingStore
from assets.ingest.live.extract import Problems, extract_sources
from assets.ingest.live.folder import DatasetFolder
from assets.ingest.live.remote_folder import forget_folder
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.reading.dataset_of_file import files_of
from assets.ingest.reading.discovery import extract_date_of
from assets.ingest.settings import SourceSettings
from assets.spark.settings import SparkSettings

_UNDATED = dt.date.min
"""What a name without a day is given here: such a file says nothing about the newest day."""


def ingest(workspace: Path, sources: Sequence[SourceSettings], contract: str, as_of: dt.date) -> ContractReport:
    """Read every file up to `as_of` that is not yet landed for the contract, and release what quarantine can let go.

    Masters come before what refers to them; `ingest_all` keeps to that. A file that cannot be understood is recorded
    as refused and the others continue; MappingError is raised for a mapping that is wrong, before anything is read.
    """
    return ingest_all(workspace, sources, as_of, [contract])[contract]


def ingest_all(
    workspace: Path,
    sources: Sequence[SourceSettings],
    as_of: dt.date,
    contracts: Sequence[str] | None = None,
    *,
    must_read: bool = False,
    spark: SparkSettings | None = None,
) -> dict[str, ContractReport]:
    """`ingest` for several contracts (all of them by default), masters first, in one database.

    With `must_read`, raises SourceUnreadable once everything else is landed where a required source gave nothing. With `spark`,
    the pieces of large files are landed by Spark's workers; a run without such a file starts no session.
    """
    known = load_contracts()
    names = tuple(ingest_order(known) if contracts is None else contracts)
    sources = [source.in_workspace(workspace) for source in sources]
    problems = extract_sources(sources, as_of, names)
    store = LandingStore(workspace)
    database = IngestDatabase(store.work_folder)
    pieces = SparkPieces(spark) if spark is not None else None
    try:
        reports = {
            name: ContractRun(store, database, known[name], sources, as_of, problems, pieces).go() for name in names
        }
    finally:
        database.close()
    if must_read:
        _refuse_unread(sources, problems)
    return reports


def _refuse_unread(sources: Sequence[SourceSettings], problems: Problems) -> None:
    """Raise SourceUnreadable for the required sources of which nothing could be read."""
    found = []
    for source in sources:
        if not source.required:
            continue
        if source.kind == "file":
            of_source = [problem for (name, _), problem in problems.items() if name == source.name]
            unread = [problem for problem in of_source if not isinstance(problem, PartlyUnread)]
            if unread:
                found.append(f"source {source.name!r} cannot be read: {unread[0]}")
            elif not source.path.is_dir():
                found.append(f"the folder of source {source.name!r} does not exist: {source.path.name}")
            continue
        names = [dataset.name for dataset in load_mapping(source.mapping).datasets]
        unread = [problems[source.name, name] for name in names if (source.name, name) in problems]
        if unread and len(unread) == len(names):
            found.append(f"source {source.name!r} cannot be read: {unread[0]}")
    if found:
        raise SourceUnreadable(
            "; ".join(found), fix="Nothing was released. Correct the source and run again, or set `required: false`."
        )


def resync(workspace: Path, sources: Sequence[SourceSettings], name: str, dataset: str = "") -> list[str]:
    """Let the next run read a live source whole, whatever its watermarks say, and keep the differences.

    A folder on a server or a mailbox is gone through from its beginning.

    Args:
        workspace: whose extracts they are; nobody else may be using it.
        sources: the sources of the configuration.
        name: the source, or a source with several instances.
        dataset: only this dataset of its mapping; all of them where there is no note.

    Returns:
        The datasets that will be read whole, as `source/dataset`.

    Raises:
        IngestError: no such source or dataset, or a folder here, whose files are read again when they change.
    """
    chosen = [source for source in sources if name in (source.name, source.name.partition(".")[0])]
    if not chosen or not chosen[0].is_live:
        known = ", ".join(source.name for source in sources if source.is_live) or "none"
        what = (
            "is a folder of files, which are read again when they change" if chosen else "is not in the configuration"
        )
        raise IngestError(f"source {name!r} {what}", fix=f"Live sources of the configuration: {known}.")
    done, known_datasets = [], set()
    for source in chosen:
        path = source.in_workspace(workspace).path
        if source.kind == "file":
            if dataset:
                raise IngestError(f"source {name!r} is copied as files, not by datasets", fix="Leave `--dataset` out.")
            done += [source.name] if forget_folder(path) else []
            continue
        for one in load_mapping(source.mapping).datasets:
            known_datasets.add(one.name)
            if dataset in ("", one.name) and DatasetFolder(path, one.name).forget_watermarks():
                done.append(f"{source.name}/{one.name}")
    if dataset and dataset not in known_datasets:
        raise IngestError(
            f"source {name!r} has no dataset {dataset!r}", fix=f"It has {', '.join(sorted(known_datasets))}."
        )
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
        mapping = load_mapping(source.mapping)
        for dataset in mapping.datasets:
            if source.kind != "file":
                continue
            if (dataset.extract_date is None and dataset.table is None) or not source.path.is_dir():
                continue
            for path in files_of(source.path, mapping, dataset):
                try:
                    days.append(extract_date_of(dataset, path.name, _UNDATED))
                except IngestError:
                    continue
    return max((day for day in days if day > _UNDATED), default=None)


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
