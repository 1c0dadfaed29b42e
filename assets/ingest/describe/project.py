"""A folder of extracts as sources of a new project: which source, read by which first mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assets.ingest.contracts import load_contracts
from assets.ingest.describe.draft import draft_mapping
from assets.ingest.describe.look import profile_files
from assets.ingest.errors import IngestError


@dataclass(frozen=True)
class DraftSource:
    """One source of a new project.

    `settings` are the keys of its entry under `sources:` beside `name` and `mapping`; `mapping` is the text of the
    mapping file; `notes` say what a person must look at.
    """

    name: str
    mapping: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def draft_sources(folder: Path, company_code: str) -> tuple[DraftSource, ...]:
    """What a folder of extracts is a source of; the files stay where they are.

    Raises:
        ValueError: no such folder, or nothing in it can be read.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder of extracts")
    try:
        tables = profile_files(folder)
    except IngestError as error:
        raise ValueError(str(error)) from error
    if not tables:
        raise ValueError(f"{folder}: no file in it can be read as a table")
    settings = {
        "kind": "file",
        "path": str(folder.resolve()),
        "instance": f"{company_code}_EXTRACTS",
        "company_code": company_code,
    }
    note = "the mapping is a first draft: check it with `stockturn mapping check mappings/extracts.yml`"
    return (DraftSource("extracts", draft_mapping("extracts", tables, load_contracts()), settings, (note,)),)
