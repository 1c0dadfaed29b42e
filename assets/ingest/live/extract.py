"""Reads what is new in a live source into extract files. A source that fails is reported once; the others continue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from assets.ingest.errors import IngestError, MissingTableError
from assets.ingest.live.difference import Difference
from assets.ingest.live.folder import DatasetFolder, Progress
from assets.ingest.live.mailbox import fetch_mail
from assets.ingest.live.opening import open_source
from assets.ingest.live.reader import LiveReader, Prepared
from assets.ingest.live.remote_folder import fetch_folder
from assets.ingest.live.secrets import Secrets
from assets.ingest.live.watermark import ExtractState, Request, decode, next_request
from assets.ingest.mapping.language import Dataset, Mapping
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.mapping.source_keys import EXTRACT_DATE, SOURCE_KEY
from assets.ingest.reading.header_match import dataset_headers
from assets.ingest.settings import SourceSettings

Opening = Callable[[SourceSettings, Mapping], AbstractContextManager[LiveReader]]
Problems = dict[tuple[str, str], IngestError]
"""What went wrong, by names of source and dataset."""


def extract_sources(
    sources: Sequence[SourceSettings],
    as_of: dt.date,
    contracts: Collection[str],
    *,
    opening: Opening = open_source,
) -> Problems:
    """Bring the extracts of every live source up to date, and the files of remote folders; returns what could not be read.

    A source that has been read for a later day is left alone: it can no longer say what it held before.
    """
    problems: Problems = {}
    for source in sources:
        mapping = load_mapping(source.mapping)
        if source.kind == "file":
            if source.remote is not None:
                problems |= _fetch(source, source.remote, mapping)
            continue
        wanted = [dataset for dataset in mapping.datasets if dataset.contract in contracts]
        due = [dataset for dataset in wanted if not _is_later(DatasetFolder(source.path, dataset.name), as_of)]
        if not due:
            continue
        try:
            with opening(source, mapping) as reader:
                for dataset in due:
                    try:
                        extract_dataset(
                            reader.prepare(dataset), dataset, DatasetFolder(source.path, dataset.name), as_of
                        )
                    except IngestError as problem:
                        if not (dataset.is_module and isinstance(problem, MissingTableError)):
                            problems[source.name, dataset.name] = problem
        except IngestError as problem:
            problems |= {(source.name, dataset.name): problem for dataset in due}
    return problems


def _fetch(source: SourceSettings, remote: str, mapping: Mapping) -> Problems:
    try:
        if source.mail is not None:
            fetch_mail(Secrets(source.name), source)
        else:
            fetch_folder(Secrets(source.name), remote, source.path)
    except IngestError as problem:
        # Said once, by the first dataset: the files that are there already are read all the same.
        return {(source.name, mapping.datasets[0].name): problem}
    return {}


def _is_later(folder: DatasetFolder, as_of: dt.date) -> bool:
    state = folder.state()
    return state is not None and state.last_day > as_of


def extract_dataset(prepared: Prepared, dataset: Dataset, folder: DatasetFolder, as_of: dt.date) -> ExtractState:
    """Read one dataset and commit its extracts; raises IngestError and changes nothing where that fails."""
    state = folder.state()
    folder.clean(state)
    is_whole = dataset.scope != "key" or dataset.combine is not None
    same = state if state is not None and state.fingerprint == prepared.fingerprint else None
    request = next_request(same, dataset.watermark, as_of, whole=is_whole)
    progress = _read(prepared, dataset, folder, request)
    difference = _compare(prepared, dataset, folder)
    keys: Path | None = None
    try:
        if request.all_keys:
            keys = _read_keys(prepared, folder)
            if difference.unknown_keys(keys):
                # Rows came that the watermark did not show: read everything instead.
                difference.close()
                request, keys = Request(), None
                progress = _read(prepared, dataset, folder, request)
                difference = _compare(prepared, dataset, folder)
        elif (
            same is not None
            and request.is_full
            and not is_whole
            and not prepared.has_snapshot
            and difference.has_missing()
        ):
            # Pages shift while rows come and go: a row is gone only if a second look does not find it either.
            keys = _read_keys(prepared, folder)
        if difference.rows == 0 and request.is_full and not dataset.allow_empty:
            raise IngestError(
                "the source gave no row at all",
                file=prepared.place,
                fix="Check the account's rights and the mapping, or set `allow_empty: true`.",
            )
        sequence = state.sequence + 1 if state is not None else 1
        if is_whole or same is None:
            kind = "snapshot" if dataset.scope != "key" else "baseline"
            outcome = difference.whole(as_of, sequence, kind, prepared.place)
            before = state.files if kind == "snapshot" and state is not None else ()
        else:
            outcome = difference.changes(as_of, sequence, prepared.place, keys, is_full=request.is_full)
            before = same.files
    finally:
        difference.close()
    ceiling = progress.ceiling if any(progress.ceiling) else (same.ceiling if same is not None else ())
    done = ExtractState(
        fingerprint=prepared.fingerprint,
        sequence=sequence,
        last_day=as_of,
        ceiling=ceiling,
        reconciled=as_of if request.is_full or keys is not None else (same.reconciled if same is not None else None),
        reread=as_of if request.is_full else (same.reread if same is not None else None),
        files=(*before, *outcome.files),
    )
    folder.commit(done)
    return done


def _read(prepared: Prepared, dataset: Dataset, folder: DatasetFolder, request: Request) -> Progress:
    """Read by parts, continuing where a killed run stopped.

    Where the source shows one state of its data, what was read before the break belongs to an older one: the rows that
    have moved on since then are read again. A dataset that cannot tell them starts from the beginning.
    """
    left = folder.progress()
    can_catch_up = dataset.scope == "key" and (not prepared.has_snapshot or dataset.watermark.kind != "full")
    is_resumed = (
        left is not None
        and left.fingerprint == prepared.fingerprint
        and left.is_full == request.is_full
        and left.position is not None
        and can_catch_up
    )
    if left is not None and is_resumed:
        progress = left
    else:
        progress = Progress(fingerprint=prepared.fingerprint, is_full=request.is_full, ceiling=prepared.ceiling())
        folder.begin(progress)
    after = tuple(map(decode, progress.position)) if progress.position is not None else None
    for batch in prepared.read(request, after):
        progress = folder.add_part(progress, prepared.headers, batch, 0)
    if is_resumed and prepared.has_snapshot and any(progress.ceiling):
        since = tuple(decode(value) if value is not None else None for value in progress.ceiling)
        for batch in prepared.read(Request(since=since), None):
            progress = folder.add_part(progress, prepared.headers, batch, 1)
    return progress


def _compare(prepared: Prepared, dataset: Dataset, folder: DatasetFolder) -> Difference:
    must, may = dataset_headers(dataset)
    return Difference(folder, prepared.headers, is_keyed=prepared.is_keyed, is_dated=EXTRACT_DATE in (*must, *may))


def _read_keys(prepared: Prepared, folder: DatasetFolder) -> Path:
    """Every key of the source in one file."""
    target = folder.work / "keys.parquet"
    schema = pa.schema([(SOURCE_KEY, pa.string())])
    with pq.ParquetWriter(target, schema) as writer:
        for keys in prepared.all_keys():
            writer.write_table(pa.table({SOURCE_KEY: pa.array(keys, pa.string())}, schema))
    return target
