"""The landing zone on disk: paths, atomic writing, and removing what a crash left behind."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import duckdb

from assets.ingest.manifest import Manifest
from assets.ingest.sqltext import literal

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
        """Where the rows of a recorded batch are, in one area."""
        return self.path(area, manifest.contract, manifest.extract_date, manifest.source_instance, manifest.batch_id)

    def write_parquet(self, connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
        """Write the rows of a query: temporary name, sync, rename."""
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + _PART)
        connection.execute(f"COPY ({query}) TO {literal(str(part))} (FORMAT parquet, COMPRESSION zstd)")
        _sync(part)
        part.replace(target)
        _sync(target.parent)

    def write_manifest(self, manifest: Manifest) -> None:
        """Record a batch; from here on it exists."""
        target = self.workspace / "manifest" / f"{manifest.batch_id}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + _PART)
        part.write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        _sync(part)
        part.replace(target)
        _sync(target.parent)

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
                if path.is_file() and (path.name.endswith(_PART) or path.stem not in known):
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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
