"""The files of one live dataset on disk: parts of a reading that continues, extracts that count, and the state that says
which do. The state is written last, so a killed run leaves nothing that counts.

    <folder>/<dataset>/20240131_00003_2current_<table>.parquet   rows as they are now (0 baseline or snapshot, 1 removed)
    <folder>/.state/<dataset>.json                               what has been read, and the extracts that count
    <folder>/.state/<dataset>/00003.parquet                      key, hash and place of every row of run 3
    <folder>/.work/<dataset>/                                    parts of a reading, and how far it has come
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from assets.ingest.live.reader import Batch
from assets.ingest.live.watermark import Encoded, ExtractState
from assets.ingest.mapping.source_keys import SOURCE_KEY
from assets.whole_files import take_place, write_whole


class Progress(BaseModel):
    """How far a reading has come. `position` is where it continues, `ceiling` the watermarks when it began."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fingerprint: str
    is_full: bool
    ceiling: tuple[Encoded | None, ...] = ()
    parts: int = 0
    position: tuple[Encoded, ...] | None = None


class DatasetFolder:
    """Where one dataset of one live source keeps its files."""

    def __init__(self, root: Path, dataset: str) -> None:
        self.root, self.dataset = root, dataset
        self.extracts = root / dataset
        self.work = root / ".work" / dataset
        self.indexes = root / ".state" / dataset
        self._state_file = root / ".state" / f"{dataset}.json"

    def state(self) -> ExtractState | None:
        """What the last finished run left; None before the first."""
        if not self._state_file.is_file():
            return None
        return ExtractState.model_validate_json(self._state_file.read_bytes())

    def files(self) -> list[Path]:
        """Extracts that count, oldest first."""
        state = self.state()
        return [self.extracts / name for name in state.files] if state is not None else []

    def name_of(self, day: dt.date, sequence: int, kind: str, place: str) -> str:
        """File name of an extract; names sort in the order in which extracts count."""
        return f"{day:%Y%m%d}_{sequence:05d}_{kind}_{re.sub(r'[^0-9A-Za-z一-鿿_.-]+', '_', place)}.parquet"

    def progress(self) -> Progress | None:
        """How far a reading that was cut off had come."""
        path = self.work / "progress.json"
        return Progress.model_validate_json(path.read_bytes()) if path.is_file() else None

    def begin(self, progress: Progress) -> None:
        """Start a reading; what an earlier one left is dropped."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        write_whole(self.work / "progress.json", progress.model_dump_json())

    def add_part(self, progress: Progress, headers: tuple[str, ...], batch: Batch, reading: int) -> Progress:
        """Keep a batch; once this returns, a later run continues after it. `reading` counts readings of the same rows."""
        names = [SOURCE_KEY, *headers]
        arrays = [pa.array(values, pa.string()) for values in (batch.keys, *batch.columns)]
        path = self.work / f"part-{reading}-{progress.parts:06d}.parquet"
        temporary = path.with_suffix(".writing")
        pq.write_table(pa.Table.from_arrays(arrays, names), temporary, compression="zstd")
        take_place(temporary, path)
        done = progress.model_copy(update={"parts": progress.parts + 1, "position": batch.position})
        write_whole(self.work / "progress.json", done.model_dump_json())
        return done

    def parts(self) -> list[Path]:
        """Parts of the present reading, in the order in which they were read."""
        progress = self.progress()
        found = sorted(self.work.glob("part-*.parquet"), key=lambda path: path.stem.rpartition("-")[2])
        return found[: progress.parts] if progress is not None else []

    def commit(self, state: ExtractState) -> None:
        """From here on the extracts of `state` count, and no others; what was worked with is dropped."""
        self._state_file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._state_file, state.model_dump_json(indent=1))
        shutil.rmtree(self.work, ignore_errors=True)
        self.clean(state)

    def forget_watermarks(self) -> bool:
        """Let the next run read every row and compare it with what is known; False where nothing has been read yet."""
        state = self.state()
        if state is None:
            return False
        write_whole(self._state_file, state.model_copy(update={"ceiling": ()}).model_dump_json(indent=1))
        shutil.rmtree(self.work, ignore_errors=True)
        return True

    def clean(self, state: ExtractState | None) -> None:
        """Remove extracts and indexes that a killed run left, or that a new baseline replaced."""
        kept = set(state.files) if state is not None else set()
        sequences = {name.split("_")[1] for name in kept}
        for path in sorted(self.extracts.glob("*")) if self.extracts.is_dir() else []:
            if path.name not in kept:
                path.unlink()
        for path in sorted(self.indexes.glob("*")) if self.indexes.is_dir() else []:
            if path.stem not in sequences:
                path.unlink()
