"""简道云 v5 (Jodoo): the entries of a form, in the order of their id, a page after the last id of the page before.

Reads everything: an entry that changed keeps its id, and the cursor has no time. Forms are edited by their users, so
the fields are looked up by label or alias at every run.
Source: 简道云 data API, hc.jiandaoyun.com/open/14220.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import requests

from assets.ingest.errors import IngestError
from assets.ingest.live.http_client import Busy, HttpClient
from assets.ingest.live.http_fields import local_time, plain, unknown_fields, wanted_headers
from assets.ingest.live.reader import Batch, key_text
from assets.ingest.live.watermark import Encoded, Request, Value, encode
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.source_keys import HttpSource
from assets.ingest.reading.raw_table import normal_header

PAGE_ROWS = 100
REQUESTS_PER_SECOND = 20.0
"""Below the 30 a second that one endpoint allows, so that others of the tenant are not shut out."""
_TOO_FAST = (8303, 8304)
"""Codes in the body that ask to come again, whatever the status: too many requests of the company, or of the key."""
_SYSTEM = ("_id", "creator", "updater", "createTime", "updateTime", "flowState")
_MOMENTS = ("datetime", "createTime", "updateTime")


class JiandaoyunForm:
    """One form of an application, prepared for reading."""

    has_snapshot = False
    is_keyed = False

    def __init__(self, client: HttpClient, dataset: Dataset, source: HttpSource, timezone: str) -> None:
        self.client, self.dataset, self.source, self.timezone = client, dataset, source, timezone
        self.size = min(dataset.paging.size or PAGE_ROWS, PAGE_ROWS)
        self.place = source.form
        headers, optional = wanted_headers(dataset)
        self.headers = tuple(headers)
        self.paths = self._find_fields(headers, optional)
        parts = (source.app or "", source.form, source.subform or "", timezone, *self.headers, repr(self.paths))
        self.fingerprint = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        key = self.client.secrets.need("KEY")
        headers = {"Authorization": f"Bearer {key}"}
        return self.client.send("POST", f"api/v5/{path}", json=body, headers=headers, read=_body, peek=_judge)

    def _find_fields(self, headers: Sequence[str], optional: set[str]) -> list[tuple[str, str, bool] | None]:
        """Where each header is: (subform or '', field, whether it is an instant)."""
        body = {"app_id": self.source.app, "entry_id": self.source.form}
        answer = self._post("app/entry/widget/list", body)
        known: dict[str, tuple[str, str, bool]] = {
            normal_header(name): ("", name, name in _MOMENTS) for name in _SYSTEM
        }
        for widget in answer.get("widgets", []):
            self._learn(known, "", widget)
            if widget.get("type") == "subform" and self.source.subform in (widget.get("label"), widget.get("name")):
                for item in widget.get("items", []):
                    self._learn(known, widget["name"], item)
                known[normal_header(f"{self.source.subform}._id")] = (widget["name"], "_id", False)
        found = [known.get(normal_header(header)) for header in headers]
        missing = [
            header for header, field in zip(headers, found, strict=True) if field is None and header not in optional
        ]
        if self.source.subform is not None and not any(field[0] for field in known.values()):
            missing.insert(0, self.source.subform)
        if missing:
            raise unknown_fields(missing, list(known), f"form {self.source.form}", self.dataset.name)
        return found

    def _learn(self, known: dict[str, tuple[str, str, bool]], subform: str, widget: dict[str, Any]) -> None:
        field = (subform, widget["name"], widget.get("type") in _MOMENTS)
        for name in (widget.get("widgetName"), widget.get("name"), widget.get("label")):
            if name:
                known[normal_header(f"{self.source.subform}.{name}" if subform else name)] = field

    def ceiling(self) -> tuple[Encoded | None, ...]:
        """There is no watermark."""
        return ()

    def read(self, request: Request, after: tuple[Value, ...] | None) -> Iterator[Batch]:
        """All entries after an id; with a subform, one row for each of its lines."""
        last = str(after[0]) if after else None
        while True:
            body: dict[str, Any] = {"app_id": self.source.app, "entry_id": self.source.form, "limit": self.size}
            if last is not None:
                body["data_id"] = last
            entries = self._post("app/entry/data/list", body)["data"]
            if not entries:
                return
            if entries[-1]["_id"] == last:
                raise IngestError(
                    f"form {self.source.form} gives the same page again and again", fix="Run again later."
                )
            last = entries[-1]["_id"]
            yield self._batch(entries)
            if len(entries) < self.size:
                return

    def _batch(self, entries: Sequence[dict[str, Any]]) -> Batch:
        rows: list[tuple[dict[str, Any], dict[str, Any]]] = []
        subform = next((path[0] for path in self.paths if path is not None and path[0]), None)
        for entry in entries:
            lines = [line for line in entry.get(subform) or [] if _is_filled(line)] if subform is not None else [{}]
            rows += [(entry, line) for line in lines]
        columns = [
            [self._value(line if path[0] else entry, path) if path is not None else None for entry, line in rows]
            for path in self.paths
        ]
        keys = [key_text([entry["_id"], *([line.get("_id")] if subform is not None else [])]) for entry, line in rows]
        return Batch(columns, keys, (encode(str(entries[-1]["_id"])),))

    def _value(self, owner: dict[str, Any], path: tuple[str, str, bool]) -> str | None:
        value = owner.get(path[1])
        return plain(local_time(value, self.timezone) if path[2] else value)

    def all_keys(self) -> Iterator[Sequence[str]]:
        """Keys alone cost as much as everything."""
        for batch in self.read(Request(), None):
            yield batch.keys


def _is_filled(line: dict[str, Any]) -> bool:
    """False for the blank lines that people leave in subforms."""
    return any(value not in (None, "", [], {}) for name, value in line.items() if name != "_id")


def _judge(answer: requests.Response) -> None:
    """Busy where the body asks for fewer requests."""
    try:
        body = answer.json()
    except requests.exceptions.JSONDecodeError:
        return
    if isinstance(body, dict) and body.get("code") in _TOO_FAST:
        raise Busy(f"简道云 asks for fewer requests ({body['code']})")


def _body(answer: requests.Response) -> Any:
    return answer.json()
