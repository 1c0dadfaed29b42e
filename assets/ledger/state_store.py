"""A ledger state in a folder: buckets of items, one Arrow file per table in each, and what they are bound to.

A new state is written beside the old one and takes its place with one rename; buckets that nothing touched are linked, not written.
The head holds a digest of every file and of itself: a file that was torn or changed on the disk is an error, never another figure.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa

from assets.ledger.buckets import Moves, arrivals, is_moved, leaving
from assets.ledger.carry import join_states, part_of
from assets.ledger.scale import LedgerInputError
from assets.ledger.state import STATE_VERSION, LedgerState
from assets.whole_files import link_or_copy, sync, write_whole

_HEAD = "state.json"


class DamagedStateError(LedgerInputError):
    """A file of the state is not what was written."""


@dataclass(frozen=True)
class StateHead:
    """What is known of a saved state before its tables are read."""

    name: str
    """No other state has it."""
    as_of: date
    fingerprint: str
    buckets: int
    version: int
    digests: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each file, by its path in the state."""

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
        self._digests: dict[str, str] = {}

    def put(self, state: LedgerState) -> None:
        """Write the next bucket."""
        self.take(write_bucket(self._target / str(self._buckets), state))

    def take(self, digests: Mapping[str, str]) -> None:
        """The next bucket is there: `write_bucket` wrote it, maybe in another process, and gave these digests back."""
        self._buckets += 1
        self._digests |= digests

    def keep(self, before: StateHead, number: int) -> None:
        """Take a bucket of the old state over as it is."""
        bucket = self._target / str(self._buckets)
        bucket.mkdir()
        kept = {}
        for name in (name for name in before.digests if name.startswith(f"{number}/")):
            path = self.folder.parent / before.name / name
            link_or_copy(path, bucket / path.name)
            kept[f"{bucket.name}/{path.name}"] = before.digests[name]
        self.take(kept)

    def commit(self) -> str:
        """Replace the state of the folder, so that a reader sees the old or the new; returns its name."""
        head = {
            "version": self._head.version,
            "as_of": self._head.as_of.isoformat(),
            "fingerprint": self._head.fingerprint,
            "folder": self._head.name,
            "buckets": self._buckets,
            "digests": self._digests,
        }
        for bucket in range(self._buckets):
            sync(self._target / str(bucket))
        sync(self._target)
        write_whole(self._folder / _HEAD, json.dumps({**head, "digest": _text_digest(head)}))
        for old in self._folder.glob("state-*"):
            if old.name != self._head.name and old.is_dir():
                shutil.rmtree(old)
        return self._head.name

    @property
    def folder(self) -> Path:
        """Where the buckets are written, each in a folder of its number."""
        return self._target


def write_bucket(place: Path, state: LedgerState) -> dict[str, str]:
    """Write a bucket of a state to the folder `place`; returns the digest of each file. Twice done, the files are the same."""
    place.mkdir(exist_ok=True)
    digests = {}
    for name, table in state.tables().items():
        whole = table.unify_dictionaries().combine_chunks()
        path, partial = place / f"{name}.arrow", place / f".{name}.{uuid.uuid4().hex}"
        with pa.OSFile(str(partial), "wb") as sink, pa.ipc.new_file(sink, whole.schema) as writer:
            writer.write_table(whole)
        sync(partial)
        partial.replace(path)
        digests[f"{place.name}/{path.name}"] = _digest(path)
    return digests


def saved(folder: Path) -> StateHead | None:
    """Head of the state in `folder`, None where there is none.

    Raises:
        DamagedStateError: the head is not what was written.
    """
    path = Path(folder) / _HEAD
    if not path.is_file():
        return None
    try:
        head = json.loads(path.read_bytes())
        is_whole = head.pop("digest") == _text_digest(head)
    except (ValueError, KeyError, AttributeError, TypeError):
        is_whole = False
    if not is_whole:
        raise DamagedStateError(f"{path.name} of the saved state is damaged")
    return StateHead(
        head["folder"],
        date.fromisoformat(head["as_of"]),
        head["fingerprint"],
        head["buckets"],
        head["version"],
        head["digests"],
    )


def load(folder: Path, head: StateHead, bucket: int) -> LedgerState:
    """One bucket of the state, mapped into memory.

    Raises:
        OSError: a file is not there.
        DamagedStateError: a file is not what was written.
    """
    names = [name for name in sorted(head.digests) if name.startswith(f"{bucket}/")]
    return LedgerState(
        head.as_of, head.fingerprint, **{Path(name).stem: _checked(Path(folder), head, name) for name in names}
    )


def load_after(folder: Path, head: StateHead, bucket: int, moves: Moves) -> LedgerState:
    """A bucket of the state after what moves out of it and into it. Raises what `load` raises."""
    state = load(folder, head, bucket)
    if is_moved(moves, bucket):
        state = part_of(state, leaving(moves, bucket), inside=False)
        for source, items in arrivals(moves, bucket):
            state = join_states(state, state, part_of(load(folder, head, source), items, inside=True))
    return state


def homes(folder: Path, head: StateHead) -> pa.Table:
    """item_id, cluster and bucket of every item of the state."""
    parts = []
    for bucket in range(head.buckets):
        items = _checked(Path(folder), head, f"{bucket}/items.arrow").select(["item_id", "cluster"])
        text = items.cast(pa.schema([("item_id", pa.string()), ("cluster", pa.string())]))
        parts.append(text.append_column("bucket", pa.array([bucket] * len(text), pa.int32())))
    return pa.concat_tables(parts)


def _checked(folder: Path, head: StateHead, name: str) -> pa.Table:
    path = folder / head.name / name
    if _digest(path) != head.digests[name]:
        raise DamagedStateError(f"{name} of the saved state is damaged")
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _text_digest(head: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(head, sort_keys=True).encode()).hexdigest()
