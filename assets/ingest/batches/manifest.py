"""The record of a batch: what was read, what became of every row, what it replaces. Written last; without it a
batch does not exist."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["loaded", "duplicate_file", "refused"]


class Manifest(BaseModel):
    """One batch: one dataset read from one file, or rows released from the quarantine of an earlier batch.

    Rows are counted as source rows: rows_in = rows_loaded + rows_quarantined + rows_duplicate + rows_excluded.
    `contract_rows` counts what was landed; one source row may become several. With `scope_by`, a period batch replaces only
    rows whose column of that name has one of `scope_values`. `parts` is the number of landing files.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch_id: str
    contract: str
    dataset: str
    source_system: str
    source_instance: str
    company_code: str
    source_file: str
    source_sha256: str
    extract_date: dt.date
    scope_kind: Literal["key", "period", "full"]
    scope_from_date: dt.date | None = None
    scope_to_date: dt.date | None = None
    scope_by: str | None = None
    scope_values: tuple[str, ...] = ()
    mapping: str
    mapping_version: int
    status: Status
    revision: int = 0
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    rows_excluded: int = 0
    contract_rows: int = 0
    units_sum: Decimal | None = None
    value_sum: Decimal | None = None
    message: str = ""
    header: tuple[str, ...] = ()
    first_batch_id: str | None = None
    released_from: str | None = None
    released_rows: tuple[int, ...] = ()
    parts: int = 1

    @property
    def root(self) -> str:
        """The batch whose place in the order this one takes: its own, or the one it was released from."""
        return self.released_from or self.batch_id

    @property
    def is_closed(self) -> bool:
        """Every source row is accounted for."""
        return self.rows_in == self.rows_loaded + self.rows_quarantined + self.rows_duplicate + self.rows_excluded

    @property
    def order(self) -> tuple[dt.date, str, int, str, str]:
        """Place among the batches of a contract: by extract date, then file name, then revision of the file."""
        return (
            self.extract_date,
            self.source_file,
            self.revision,
            self.root,
            self.batch_id if self.released_from else "",
        )


def batch_id(contract: str, *parts: object) -> str:
    """A stable name for a batch: the same input gives the same one."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
    return f"{contract}-{digest[:20]}"


def current(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Manifests that still count, in order: a newer version of a mapping supersedes what the older one made of the
    same file."""
    batches = sorted(manifests, key=lambda manifest: manifest.order)
    newest: dict[tuple[object, ...], int] = {}
    for manifest in batches:
        newest[_file_key(manifest)] = max(newest.get(_file_key(manifest), 0), manifest.mapping_version)
    return [manifest for manifest in batches if manifest.mapping_version == newest[_file_key(manifest)]]


def _file_key(manifest: Manifest) -> tuple[object, ...]:
    """One state of one file, as one mapping reads it."""
    return (
        manifest.contract,
        manifest.source_instance,
        manifest.dataset,
        manifest.source_file,
        manifest.revision,
        manifest.mapping,
        manifest.source_sha256,
    )
