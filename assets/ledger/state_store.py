"""A ledger state in a folder: buckets of items, one Arrow file per table in each, and what they are bound to.

A new state is written beside the old one and takes its place with one rename; buckets that nothing touched are linked, not written.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from assets.ledger.scale import LedgerInputError
from assets.ledger.state import STATE_VERSION, LedgerState

_HEAD = "state.json"


@dataclass(frozen=True)
class StateHead:
    """What is known of a saved state before its tables are read."""

    name: str
    """No other state has it."""
    as_of: date
    fingerprint: str
    buckets: int
    version: int

    def check_version(self) -> None:
        """Raises LedgerInputError where another version of the ledger wrote the state."""
        if self.version != STATE_VERSION:
            raise LedgerInputError(
                f"the saved state has layout {self.version}, this is {STATE_VERSION}: run the ledger in full"
            )


class StateWriter:
    """Writes the buckets of a new state one after another; `commit` puts it in place of the old one."""

    def __init__(self, folder: Path, as_of: date, fingerprint: str) -> None:
        name = f"state-{as_of.isoformat()}-{uuid.uuid4().hex[:12]}"
        self._folder = Path(folder)
        self._target = self._folder / name
        self._target.mkdir(parents=True)
        self._head = StateHead(name, as_of, fingerprint, 0, STATE_VERSION)
        self._buckets = 0

    def put(self, state: LedgerState) -> None:
        """Write the next bucket."""
        bucket = self._next()
        for table_name, table in state.tables().items():
            whole = table.unify_dictionaries().combine_chunks()
            with (
                pa.OSFile(str(bucket / f"{table_name}.arrow"), "wb") as sink,
                pa.ipc.new_file(sink, whole.schema) as writer,
            ):
                writer.write_table(whole)

    def keep(self, before: StateHead, number: int) -> None:
        """Take a bucket of the old state over as it is."""
        bucket = self._next()
        for path in (self._folder / before.name / str(number)).iterdir():
            try:
                os.link(path, bucket / path.name)
            except OSError:  # a file system without links
                shutil.copyfile(path, bucket / path.name)

    def commit(self) -> str:
        """Replace the state of the folder, so that a reader sees the old or the new; returns its name."""
        head = {
            "version": self._head.version,
            "as_of": self._head.as_of.isoformat(),
            "fingerprint": self._head.fingerprint,
            "folder": self._head.name,
            "buckets": self._buckets,
        }
        pending = self._folder / f"{self._head.name}.json"
        pending.write_text(json.dumps(head))
        pending.replace(self._folder / _HEAD)
        for old in self._folder.glob("state-*"):
            if old.name != self._head.name and old.is_dir():
                shutil.rmtree(old)
        return self._head.name

    def _next(self) -> Path:
        bucket = self._target / str(self._buckets)
        bucket.mkdir()
        self._buckets += 1
        return bucket


def saved(folder: Path) -> StateHead | None:
    """Head of the state in `folder`, None where there is none."""
    path = Path(folder) / _HEAD
    if not path.is_file():
        return None
    head = json.loads(path.read_text())
    return StateHead(
        head["folder"], date.fromisoformat(head["as_of"]), head["fingerprint"], head.get("buckets", 0), head["version"]
    )


def load(folder: Path, head: StateHead, bucket: int) -> LedgerState:
    """One bucket of the state, mapped into memory. Raises OSError where it is not there."""
    place = Path(folder) / head.name / str(bucket)
    tables = {path.stem: _table(path) for path in sorted(place.glob("*.arrow"))}
    if not tables:
        raise FileNotFoundError(f"{place} holds no ledger state")
    return LedgerState(head.as_of, head.fingerprint, **tables)


def homes(folder: Path, head: StateHead) -> pa.Table:
    """item_id, cluster and bucket of every item that the state knows."""
    parts = []
    for bucket in range(head.buckets):
        items = _table(Path(folder) / head.name / str(bucket) / "items.arrow").select(["item_id", "cluster"])
        text = items.cast(pa.schema([("item_id", pa.string()), ("cluster", pa.string())]))
        parts.append(text.append_column("bucket", pa.array([bucket] * len(text), pa.int32())))
    return pa.concat_tables(parts)


def _table(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()
