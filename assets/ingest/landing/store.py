"""The landing zone on disk: paths, atomic writing, and removing what a crash left behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import duckdb

from assets.ingest.batches.manifest import Manifest
from assets.ingest.sqltext import literal
from assets.whole_files import take_place

AREAS = ("landing", "quarantine", "duplicates")
_PART = ".part"


class LandingStore:
    """Files of one workspace. A file appears under its name only when it is complete and synced."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace

    def path(self, area: str, contract: str, extract_date: dt.date, instance: str, batch: str) -> Path:
        """Where a batch keeps its rows of one area."""
        return (
            self.workspace
            / area
            / contract
            / f"extract_date={extract_date.isoformat()}"
            / instance
            / f"{batch}.parquet"
        )

    def path_of(self, area: str, manifest: Manifest) -> Path:
        """Where the rows of a recorded batch are, in one area; a pattern where landing has them in several files."""
        name = f"{manifest.batch_id}.*" if area == "landing" and manifest.parts > 1 else manifest.batch_id
        return self.path(area, manifest.contract, manifest.extract_date, manifest.source_instance, name)

    def has(self, area: str, manifest: Manifest) -> bool:
        """True where a recorded batch has rows in an area."""
        path = self.path_of(area, manifest)
        return any(path.parent.glob(path.name)) if manifest.parts > 1 else path.is_file()

    def part_of(self, manifest: Manifest, name: str) -> Path:
        """Where a landing file of a batch is written before it counts."""
        target = self.path("landing", manifest.contract, manifest.extract_date, manifest.source_instance, "")
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.with_name(f"{manifest.batch_id}.{name}.parquet{_PART}")

    def take_parts(self, parts: Sequence[Path], manifest: Manifest) -> None:
        """Bring finished landing files under the name of their batch: sync, rename."""
        target = self.path_of("landing", manifest)
        for number, part in enumerate(parts, start=1):
            take_place(
                part,
                target if manifest.parts == 1 else target.with_name(f"{manifest.batch_id}.{number:05d}.parquet"),
            )

    def write_parquet(self, connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
        """Write the rows of a query: temporary name, sync, rename."""
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + _PART)
        connection.execute(parquet_copy(query, part))
        take_place(part, target)

    def write_manifest(self, manifest: Manifest) -> None:
        """Record a batch; from here on it exists."""
        target = self.workspace / "manifest" / f"{manifest.batch_id}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + _PART)
        part.write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        take_place(part, target)

    def manifests(self, contract: str | None = None) -> list[Manifest]:
        """Recorded batches, of one contract or of all, in order."""
        folder = self.workspace / "manifest"
        found = [
            Manifest.model_validate_json(path.read_bytes())
            for path in sorted(folder.glob(f"{contract}-*.json" if contract else "*.json"))
        ]
        return sorted(found, key=lambda manifest: (manifest.contract, manifest.order))

    def forget_refusal(self, manifest: Manifest) -> None:
        """Drop the record of a refused file that is gone or has changed; it never had rows."""
        if manifest.status == "refused":
            (self.workspace / "manifest" / f"{manifest.batch_id}.json").unlink(missing_ok=True)

    def clean(self, contract: str) -> list[str]:
        """Remove half-written files and batches without a manifest; returns what was removed, for the log."""
        known = {path.stem for path in (self.workspace / "manifest").glob(f"{contract}-*.json")}
        removed = []
        for area in AREAS:
            for path in sorted((self.workspace / area / contract).rglob("*")):
                if path.is_file() and (path.name.endswith(_PART) or path.name.partition(".")[0] not in known):
                    path.unlink()
                    removed.append(path.relative_to(self.workspace).as_posix())
        for path in sorted((self.workspace / "manifest").glob(f"{contract}-*{_PART}")):
            path.unlink()
            removed.append(path.relative_to(self.workspace).as_posix())
        return removed

    @property
    def work_folder(self) -> Path:
        """Where a run keeps its temporary files."""
        return self.workspace / "work"


def parquet_copy(query: str, target: Path) -> str:
    """The statement that writes the rows of a query as every Parquet file of a workspace is written.

    A dictionary pays for columns of few values only: with its limit at a thousand a row group, and the encodings of
    version 2, half a million movements take 0.29 s to write instead of 0.50 s, and 0.08 s to read instead of 0.06 s, in
    a tenth more space (measured 2026-11, DuckDB 1.5.5, one thread).
    """
    return (
        f"COPY ({query}) TO {literal(str(target))} "
        "(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1000)"
    )
