"""Writes a company's project: configuration, mappings, rules and a small dbt project that has the product's as a package.

Everything written belongs to the company from then on: no later version of the product reads or changes the template's
copy. A folder that holds anything is refused, so nothing is ever overwritten.
"""

from __future__ import annotations

import json
import re
import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import available_timezones

import yaml

from assets.ingest.describe.project import DraftSource
from orchestration.project.sample import FIRST_DATE, sample_files

TEMPLATE = Path(__file__).with_name("template")
_RENAMED = {"dot-env": ".env.example", "dot-gitignore": ".gitignore"}


class ProjectError(ValueError):
    """A project cannot be written; nothing was."""


@dataclass(frozen=True)
class Identity:
    """Who the company is, as its configuration says it."""

    name: str
    code: str
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    language: str = "zh"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", self.code):
            raise ProjectError(f"--code {self.code}: letters, digits, '_' and '-' only, for instance ACME")
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise ProjectError(f"--currency {self.currency}: three capital letters, for instance CNY")
        if self.timezone not in available_timezones():
            raise ProjectError(f"--timezone {self.timezone}: not an IANA time zone, for instance Asia/Shanghai")
        if self.language not in ("en", "zh"):
            raise ProjectError(f"--lang {self.language}: en or zh")

    @property
    def slug(self) -> str:
        """Name of the dbt project and the code location: lower case, a letter first."""
        slug = re.sub(r"[^a-z0-9]+", "_", self.code.lower()).strip("_")
        return slug if slug[0].isalpha() else f"company_{slug}"


def write_project(folder: Path, identity: Identity, sources: Sequence[DraftSource] = ()) -> list[Path]:
    """Write a new project into `folder`, which must not exist or be empty.

    Args:
        folder: where the project goes.
        identity: the company.
        sources: what was drafted from extracts at hand; without any, a sample source with sample extracts is written.

    Returns:
        The files, relative to the folder, sorted.

    Raises:
        ProjectError: the folder holds something, or cannot be written to.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(f"{folder} exists and is not empty; name a new folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as partial:
            _write(Path(partial) / "project", identity, sources)
            if folder.exists():
                folder.rmdir()
            (Path(partial) / "project").rename(folder)
    except OSError as error:
        raise ProjectError(f"{folder} cannot be written: {error.strerror or error}") from error
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def _write(folder: Path, identity: Identity, sources: Sequence[DraftSource]) -> None:
    words = {
        "__SOURCES__": _yaml_sources(identity, sources),
        "__FIRST_DATE__": str(date(2000, 1, 1) if sources else FIRST_DATE),
        "__NAME_TEXT__": json.dumps(identity.name, ensure_ascii=False),  # a JSON text is a YAML text
        "__CODE_TEXT__": json.dumps(identity.code),
        "__NAME__": identity.name,
        "__SLUG__": identity.slug,
        "__CURRENCY__": identity.currency,
        "__TIMEZONE__": identity.timezone,
        "__LANGUAGE__": identity.language,
    }
    for path in sorted(TEMPLATE.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        target = folder / path.relative_to(TEMPLATE).with_name(_RENAMED.get(path.name, path.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        for token, word in words.items():
            text = text.replace(token, word)
        target.write_text(text, encoding="utf-8")
    secrets = "".join(
        f"{name}={shlex.quote(value)}\n" for source in sources for name, value in source.environment.items()
    )
    (folder / ".env").write_text((folder / ".env.example").read_text(encoding="utf-8") + secrets, encoding="utf-8")
    (folder / ".env").chmod(0o600)
    if sources:
        (folder / "mappings" / "erp.yml").unlink()
    for source in sources:
        (folder / "mappings" / f"{source.name}.yml").write_text(source.mapping, encoding="utf-8")
    if not sources:
        inbox = folder / "inbox" / "erp"
        inbox.mkdir(parents=True)
        for name, text in sample_files().items():
            (inbox / name).write_text(text, encoding="utf-8")


def _yaml_sources(identity: Identity, sources: Sequence[DraftSource]) -> str:
    sample = {
        "kind": "file",
        "path": "inbox/erp",
        "instance": f"{identity.code}_ERP",
        "company_code": identity.code,
        "timezone": identity.timezone,
    }
    entries = [
        {"name": source.name, "mapping": f"mappings/{source.name}.yml", **source.settings} for source in sources
    ] or [{"name": "erp", "mapping": "mappings/erp.yml", **sample}]
    text = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False)
    return "\n".join(f"  {line}" for line in text.rstrip().splitlines())
