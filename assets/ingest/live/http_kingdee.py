"""金蝶云星空: ExecuteBillQuery, rows as arrays, page by page in the order of the key.

`StartRow` is where a page begins, `TopRowCount` is the row at which the whole query ends, counted from its start, and
`Limit` the length of the page. Errors come as status 200 with a result inside an array; a lost session says so in words.
Source: vendor page kingdee_k3cloud, WebAPI (S10).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import requests

from assets.ingest.errors import IngestError
from assets.ingest.live.http_client import Busy, HttpClient
from assets.ingest.live.http_fields import moved_on, plain, wanted_headers
from assets.ingest.live.reader import Batch, key_text
from assets.ingest.live.watermark import Encoded, Request, Value, encode
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.source_keys import HttpSource

PAGE_ROWS = 2000
REQUESTS_PER_SECOND = 5.0
_SERVICES = "Kingdee.BOS.WebApi.ServicesStub"
_LOST = ("会话信息已丢失", "请重新登录")
_CHINESE = 2052
_NO_VALUE = (" ", "")


class KingdeeForm:
    """One form of a data centre, prepared for reading."""

    has_snapshot = False
    is_keyed = False

    def __init__(self, client: HttpClient, dataset: Dataset, source: HttpSource) -> None:
        self.client, self.dataset, self.source = client, dataset, source
        self.size = min(dataset.paging.size or PAGE_ROWS, PAGE_ROWS)
        self.place = source.form
        self.headers = tuple(wanted_headers(dataset)[0])
        self.marks = dataset.watermark.column
        parts = (source.form, source.filter or "", *source.key, *self.headers)
        self.fingerprint = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    def log_in(self) -> None:
        """Open a session; its cookie is kept by the client."""
        secrets = self.client.secrets
        names = [secrets.need(part) for part in ("ACCOUNT", "USER", "PASSWORD")]
        body = {"parameters": [*names, _CHINESE]}
        answer = self.client.send("POST", f"{_SERVICES}.AuthService.ValidateUser.common.kdsvc", json=body, read=_body)
        if not isinstance(answer, dict) or answer.get("LoginResultType") != 1:
            told = answer.get("Message") if isinstance(answer, dict) else ""
            raise IngestError(
                f"金蝶云星空 refused the account of source {secrets.source!r} ({secrets.hide(str(told))[:120]})",
                fix="Check ACCOUNT (the id of the data centre), USER and PASSWORD of the source in the environment.",
            )

    def ceiling(self) -> tuple[Encoded | None, ...]:
        """The newest value of each watermark field: the first row when the newest come first."""
        found: list[Encoded | None] = []
        for mark in self.marks:
            rows = self._query([mark], self.source.filter or "", f"{mark} DESC", 0, 1)
            found.append(encode(str(rows[0][0])) if rows and rows[0][0] not in (None, *_NO_VALUE) else None)
        return tuple(found)

    def read(self, request: Request, after: tuple[Value, ...] | None) -> Iterator[Batch]:
        """Rows from a row number on."""
        start = int(after[0]) if after else 0
        for rows in self._pages(
            [*self.source.key, *self.headers], moved_on(self.source, self.dataset, request, ">=", _moment), start
        ):
            start += len(rows)
            width = len(self.source.key)
            keys = [key_text(row[:width]) for row in rows]
            columns = [[_text(row[at]) for row in rows] for at in range(width, width + len(self.headers))]
            yield Batch(columns, keys, (encode(start),))

    def all_keys(self) -> Iterator[Sequence[str]]:
        """Keys of all rows, page by page."""
        for rows in self._pages(list(self.source.key), self.source.filter or "", 0):
            yield [key_text(row) for row in rows]

    def _pages(self, fields: Sequence[str], condition: str, start: int) -> Iterator[list[list[Any]]]:
        order = ",".join(self.source.key)
        while True:
            rows = self._query(fields, condition, order, start, self.size)
            if rows:
                yield rows
            if len(rows) < self.size:
                return
            start += len(rows)

    def _query(self, fields: Sequence[str], condition: str, order: str, start: int, size: int) -> list[list[Any]]:
        data = {
            "FormId": self.source.form,
            "FieldKeys": ",".join(fields),
            "FilterString": condition,
            "OrderString": order,
            "StartRow": start,
            "TopRowCount": start + size,
            "Limit": size,
        }
        path = f"{_SERVICES}.DynamicFormService.ExecuteBillQuery.common.kdsvc"
        read = _Reader(self, len(fields))
        return list(self.client.send("POST", path, json={"data": data}, read=read))


class _Reader:
    """Judges an answer: rows of scalars, or a result that says what is wrong."""

    def __init__(self, form: KingdeeForm, width: int) -> None:
        self.form, self.width, self.has_renewed = form, width, False

    def __call__(self, answer: requests.Response) -> list[list[Any]]:
        rows = answer.json()
        problem = self._problem(rows)
        if problem is None:
            return list(rows)
        if any(sign in problem for sign in _LOST) and not self.has_renewed:
            self.has_renewed = True
            self.form.log_in()
            raise Busy("the session had ended")
        raise IngestError(
            f"金蝶云星空 refused the query of {self.form.place} ({self.form.client.secrets.hide(problem)[:200]})",
            fix="Field names there are case-sensitive; correct `form`, `key` and the columns of the mapping.",
        )

    def _problem(self, rows: Any) -> str | None:
        if isinstance(rows, dict):
            return _message(rows) or str(rows)[:200]
        if not isinstance(rows, list):
            return str(rows)[:200]
        for row in rows:
            if not isinstance(row, list) or any(isinstance(value, (dict, list)) for value in row):
                return _message(row) or str(row)[:200]
            if len(row) != self.width:
                return f"rows have {len(row)} fields instead of {self.width}"
        return None


def _message(part: Any) -> str | None:
    """The text of an error, wherever in the answer it is."""
    if isinstance(part, dict):
        if isinstance(part.get("Message"), str):
            return part["Message"]
        part = list(part.values())
    if isinstance(part, list):
        return next((text for item in part if (text := _message(item)) is not None), None)
    return None


def _moment(value: Value) -> str:
    text = value.isoformat() if isinstance(value, (dt.datetime, dt.date)) else str(value)
    return text.replace("'", "")


def _text(value: Any) -> str | None:
    """A field as text; a single blank represents nothing there."""
    return None if value in _NO_VALUE else plain(value)


def _body(answer: requests.Response) -> Any:
    return answer.json()
