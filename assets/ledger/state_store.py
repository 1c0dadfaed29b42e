"""A ledger state in a folder: one Arrow file per table and what it is bound to. The only module of the ledger that touches the disk."""

from __future__ import annotations

import json
import shutil
import uuid
from datetime import date
from pathlib import Path

import pyarrow as pa

from assets.ledger.scale import LedgerInputError
from assets.ledger.state import STATE_VERSION, LedgerState


def save(state: LedgerState, folder: Path) -> str:
    """Replace the state in `folder`: written beside it under another name, then renamed, so that a reader sees the old or the new.

    Returns the name of the state, which no other has.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"state-{state.as_of.isoformat()}-{uuid.uuid4().hex[:12]}"
    target = folder / name
    target.mkdir()
    for table_name, table in state.tables().items():
        whole = table.unify_dictionaries().combine_chunks()
        with (
            pa.OSFile(str(target / f"{table_name}.arrow"), "wb") as sink,
            pa.ipc.new_file(sink, whole.schema) as writer,
        ):
            writer.write_table(whole)
    head = {
        "version": STATE_VERSION,
        "as_of": state.as_of.isoformat(),
        "fingerprint": state.fingerprint,
        "folder": name,
    }
    pending = folder / f"{name}.json"
    pending.write_text(json.dumps(head))
    pending.replace(folder / "state.json")
    for old in folder.glob("state-*"):
        if old.name != name and old.is_dir():
            shutil.rmtree(old)
    return name


def saved_name(folder: Path) -> str | None:
    """Name of the state in `folder`, None where there is none."""
    head = Path(folder) / "state.json"
    return str(json.loads(head.read_text())["folder"]) if head.is_file() else None


def load(folder: Path) -> LedgerState:
    """The state in `folder`.

    Raises FileNotFoundError where there is none, LedgerInputError where it was written by another version.
    """
    folder = Path(folder)
    head = json.loads((folder / "state.json").read_text())
    if head["version"] != STATE_VERSION:
        raise LedgerInputError(
            f"the saved state has layout {head['version']}, this is {STATE_VERSION}: run the ledger in full"
        )
    tables = {}
    for path in sorted((folder / head["folder"]).glob("*.arrow")):
        with pa.memory_map(str(path)) as source:
            tables[path.stem] = pa.ipc.open_file(source).read_all()
    return LedgerState(date.fromisoformat(head["as_of"]), head["fingerprint"], **tables)
