"""A company's project and workspace as one archive, and both again from it on an empty machine.

In the archive (tar, not compressed: the large files are compressed Parquet):

```
project/     what makes the company: configuration, rule book, mappings, own dbt project, extracts below its folder
workspace/   what cannot be derived: landing, manifests, quarantine, extracts, forecasts as published, releases, incidents, Dagster's runs
backup.json  last: what this is, and the SHA-256 of every file
```

Left out, because a run makes them from landing: the warehouse, the ledger's state, dbt's artifacts. Databases are copied
as of one moment; an incident store in PostgreSQL goes in as a SQLite file and comes out into whichever store is configured.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from assets.whole_files import take_place
from expectations.after_run import STORE_VARIABLE, open_store
from expectations.incidents import IncidentStore
from expectations.incidents.transfer import copy_store
from orchestration.rule_book import load_company_rules
from orchestration.settings import Settings, load_settings, project_folder

FORMAT = 1
CONTENTS = "backup.json"
_DERIVED = {"warehouse.duckdb", "warehouse.duckdb.wal", "ledger", "dbt", "work", "logs", "metrics", ".lock"}
_PROJECT_DERIVED = {"dbt_packages", "target", "logs", "__pycache__", ".venv", ".git"}
_DATABASE, _BESIDE_DATABASE = (".db",), (".db-wal", ".db-shm", ".db-journal")
_INCIDENTS = "workspace/quality/incidents.db"


class BackupError(RuntimeError):
    """An archive could not be written or read; nothing was changed."""


@dataclass(frozen=True)
class Contents:
    """What an archive holds."""

    company_code: str
    created_at: str
    release_id: str
    data_dir: str
    config: str
    files: dict[str, str]
    bytes: int


def backup(settings: Settings, config: Path, archive: Path, now: datetime) -> Contents:
    """Write the archive of a company; no run may be writing meanwhile.

    Args:
        settings: the company. config: the file they were read from.
        archive: the file to write; it must not exist.
        now: time of the backup, with a zone.

    Raises:
        BackupError: the archive exists already or cannot be written.
        assets.workspace.WorkspaceBusyError: a run is under way.
    """
    if archive.exists():
        raise BackupError(f"{archive} exists already; name another file")
    workspace, base = settings.workspace(), project_folder(config)
    if not archive.parent.is_dir():
        raise BackupError(f"{archive.parent}: no such folder")
    partial = archive.with_name(f".{archive.name}.partial")
    hashes: dict[str, str] = {}
    try:
        with workspace.exclusive(), tempfile.TemporaryDirectory() as scratch, tarfile.open(partial, "w") as tar:
            for path in _project_files(settings, config, base):
                _add(tar, path, f"project/{path.relative_to(base).as_posix()}", hashes)
            for path in _workspace_files(workspace.root):
                name = f"workspace/{path.relative_to(workspace.root).as_posix()}"
                copy = _copied_database(path, Path(scratch)) if path.name.endswith(_DATABASE) else path
                _add(tar, copy, name, hashes)
            if os.environ.get(STORE_VARIABLE):
                _add(tar, _exported_incidents(settings, Path(scratch)), _INCIDENTS, hashes)
            contents = _contents(settings, config, base, hashes, now)
            _add_text(tar, CONTENTS, json.dumps(contents, indent=1, sort_keys=True, ensure_ascii=False), Path(scratch))
        size = partial.stat().st_size
        take_place(partial, archive)
    except OSError as error:
        raise BackupError(f"{archive} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return _typed(contents, size)


def restore(archive: Path, folder: Path) -> tuple[Contents, Path]:
    """Project and workspace of an archive in a new folder; gives what was in it and the configuration file.

    Every file is compared with its SHA-256 before anything appears under `folder`.

    Raises:
        BackupError: no such archive, not whole, or the folder holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} exists and is not empty; name a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        contents = _extracted(archive, Path(scratch))
        project = Path(scratch) / "project"
        project.mkdir(exist_ok=True)
        place = project / contents.data_dir
        place.parent.mkdir(parents=True, exist_ok=True)
        if (Path(scratch) / "workspace").is_dir():
            (Path(scratch) / "workspace").rename(place)
        if folder.exists():
            folder.rmdir()
        project.rename(folder)
    config = folder / contents.config
    if os.environ.get(STORE_VARIABLE) and _INCIDENTS in contents.files:
        _import_incidents(config)
    return contents, config


def _extracted(archive: Path, scratch: Path) -> Contents:
    try:
        with tarfile.open(archive, "r") as tar:
            tar.extractall(scratch, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise BackupError(f"{archive} cannot be read as a backup: {error}") from error
    listed = scratch / CONTENTS
    if not listed.is_file():
        raise BackupError(f"{archive} has no {CONTENTS}: it is not a backup, or its end is missing")
    facts = json.loads(listed.read_text(encoding="utf-8"))
    if facts["format"] != FORMAT:
        raise BackupError(f"{archive} has format {facts['format']}, this program reads {FORMAT}: update it")
    for name, wanted in facts["files"].items():
        path = scratch / name
        found = _link_hash(path) if path.is_symlink() else _file_hash(path) if path.is_file() else "nothing"
        if found != wanted:
            raise BackupError(f"{archive}: {name} is not what was backed up; take another archive")
    return _typed(facts, archive.stat().st_size)


def _project_files(settings: Settings, config: Path, base: Path) -> list[Path]:
    """Configuration, rule book, mappings, dbt project and extracts, as far as they are in the project's folder."""
    wanted = {config.resolve()}
    wanted |= {settings.rule_book.resolve()} if settings.rule_book else set()
    wanted |= {Path(one.mapping).resolve() for one in settings.sources if one.mapping.endswith((".yml", ".yaml"))}
    wanted |= {base / name for name in ("pyproject.toml", "workspace.yaml", "README.md", ".gitignore")}
    found = {path for path in wanted if path.is_file() and path.is_relative_to(base)}
    for source in settings.sources:
        # a run refuses a source whose folder is missing, and a file that is missing is a finding
        if source.kind == "file" and source.path.resolve().is_relative_to(base):
            found |= set(_walk(source.path.resolve(), _PROJECT_DERIVED))
    if settings.dbt_project and settings.dbt_project.resolve().is_relative_to(base):
        found |= set(_walk(settings.dbt_project.resolve(), _PROJECT_DERIVED))
    return sorted(found)


def _workspace_files(root: Path) -> Iterator[Path]:
    for path in _walk(root, _DERIVED, top_only=True):
        is_half_written = path.name.endswith((".part", ".partial")) or any(
            part.startswith(".") and part.endswith(".partial") for part in path.relative_to(root).parts
        )
        is_exported = bool(os.environ.get(STORE_VARIABLE)) and path == root / "quality" / "incidents.db"
        if not (is_half_written or is_exported or path.name.endswith(_BESIDE_DATABASE)):
            yield path


def _walk(root: Path, left_out: set[str], *, top_only: bool = False) -> Iterator[Path]:
    """Files and links below a folder, in order; links are not followed."""
    for place, folders, files in os.walk(root):
        here = Path(place)
        if not top_only or here == root:
            folders[:] = [name for name in folders if name not in left_out]
            files = [name for name in files if name not in left_out]
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in links)
        yield from sorted(here / name for name in (*files, *links))


def _add(tar: tarfile.TarFile, path: Path, name: str, hashes: dict[str, str]) -> None:
    hashes[name] = _link_hash(path) if path.is_symlink() else _file_hash(path)
    tar.add(path, arcname=name, recursive=False, filter=_anonymous)


def _add_text(tar: tarfile.TarFile, name: str, text: str, scratch: Path) -> None:
    path = scratch / name
    path.write_text(text, encoding="utf-8")
    tar.add(path, arcname=name, filter=_anonymous)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Accounts of this machine mean nothing on another one."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _file_hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _link_hash(path: Path) -> str:
    return f"link to {PurePosixPath(path.readlink())}"


def _copied_database(path: Path, scratch: Path) -> Path:
    """A SQLite file as of one moment, whoever writes to it meanwhile."""
    copy = scratch / hashlib.sha256(str(path).encode()).hexdigest()
    old, new = sqlite3.connect(f"file:{path}?mode=ro", uri=True), sqlite3.connect(copy)
    try:
        old.backup(new)
    finally:
        old.close()
        new.close()
    shutil.copymode(path, copy)
    return copy


def _exported_incidents(settings: Settings, scratch: Path) -> Path:
    book = load_company_rules(settings)
    path = scratch / "incidents.db"
    source, target = open_store(settings.workspace().incident_store, book), IncidentStore.at(path, book.policy)
    try:
        copy_store(source, target)
    finally:
        source.close()
        target.close()
    return _copied_database(path, scratch)


def _import_incidents(config: Path) -> None:
    settings = load_settings(config)
    book, path = load_company_rules(settings), settings.workspace().incident_store
    source, target = IncidentStore.at(path, book.policy), open_store(path, book)
    try:
        copy_store(source, target)
    finally:
        source.close()
        target.close()


def _contents(settings: Settings, config: Path, base: Path, hashes: dict[str, str], now: datetime) -> dict[str, Any]:
    root = settings.data_dir.resolve()
    current = settings.workspace().releases / "current"
    return {
        "format": FORMAT,
        "company_code": settings.company.code,
        "created_at": now.isoformat(timespec="seconds"),
        "release_id": current.resolve().name if current.exists() else "",
        "config": config.resolve().relative_to(base).as_posix(),
        "data_dir": root.relative_to(base).as_posix() if root.is_relative_to(base) else "var",
        "files": hashes,
    }


def _typed(facts: dict[str, Any], size: int) -> Contents:
    names = ("company_code", "created_at", "release_id", "data_dir", "config", "files")
    return Contents(**{name: facts[name] for name in names}, bytes=size)
