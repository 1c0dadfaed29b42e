"""SAP Business One Service Layer: a resource page by page with `$skip`, its document lines unfolded.

The page size is asked for in `Prefer`; a service that gives fewer rows says where the next page begins (`odata.nextLink`). A session
ends after half an hour: the next answer is 401, and we log in again.
Source: vendor page sap_b1, Service Layer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import requests

from assets.ingest.live.http_client import HttpClient
from assets.ingest.live.http_fields import moved_on, plain, unknown_fields, wanted_headers
from assets.ingest.live.reader import Batch, key_text
from assets.ingest.live.watermark import Encoded, Request, Value, encode
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.source_keys import HttpSource

PAGE_ROWS = 500
REQUESTS_PER_SECOND = 10.0


class ServiceLayerResource:
    """One resource of a company database, prepared for reading."""

    has_snapshot = False
    is_keyed = False

    def __init__(self, client: HttpClient, dataset: Dataset, source: HttpSource) -> None:
        self.client, self.dataset, self.source = client, dataset, source
        self.size = dataset.paging.size or PAGE_ROWS
        self.place = source.form
        headers, self.optional = wanted_headers(dataset)
        self.headers = tuple(headers)
        self.marks = dataset.watermark.column
        parts = (source.form, source.filter or "", source.subform or "", *source.key, *self.headers)
        self.fingerprint = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    def log_in(self) -> None:
        """Open a session; its cookie is kept by the client."""
        need = self.client.secrets.need
        body = {"CompanyDB": need("ACCOUNT"), "UserName": need("USER"), "Password": need("PASSWORD")}
        self.client.send("POST", "b1s/v1/Login", json=body, read=_body)

    def ceiling(self) -> tuple[Encoded | None, ...]:
        """The newest value of each watermark field."""
        found: list[Encoded | None] = []
        for mark in self.marks:
            rows = self._page({"$select": mark, "$orderby": f"{mark} desc", "$top": "1"}, 1)["value"]
            value = rows[0].get(mark) if rows else None
            found.append(encode(str(value)) if value else None)
        return tuple(found)

    def read(self, request: Request, after: tuple[Value, ...] | None) -> Iterator[Batch]:
        """Rows from a number of documents on."""
        condition = moved_on(self.source, self.dataset, request, " ge ", _day)
        fields = [self._own(name) for name in (*self.source.key, *self.headers)]
        subform = [self.source.subform] if self.source.subform is not None else []
        select = ",".join(dict.fromkeys([*(name for name in fields if name is not None), *subform]))
        for documents, position in self._pages(select, condition, int(after[0]) if after else 0):
            yield self._batch(documents, position)

    def all_keys(self) -> Iterator[Sequence[str]]:
        """Keys of all rows."""
        own = [name for name in map(self._own, self.source.key) if name is not None]
        subform = [self.source.subform] if self.source.subform is not None else []
        for documents, _ in self._pages(",".join([*own, *subform]), self.source.filter or "", 0):
            yield [self._key(document, line) for document, line in self._rows(documents)]

    def _own(self, header: str) -> str | None:
        """The document's field that a header names; None for one of its lines."""
        return None if self.source.subform and header.startswith(f"{self.source.subform}.") else header

    def _pages(self, select: str, condition: str, skip: int) -> Iterator[tuple[list[dict[str, Any]], int]]:
        order = ",".join(name for name in map(self._own, self.source.key) if name is not None)
        while True:
            query = {"$select": select, "$orderby": order, "$skip": str(skip)}
            if condition:
                query["$filter"] = condition
            answer = self._page(query, self.size)
            documents = answer["value"]
            skip += len(documents)
            if documents:
                yield documents, skip
            # A service may give shorter pages than were asked for, and then says that there is more.
            has_more = "odata.nextLink" in answer or "@odata.nextLink" in answer or len(documents) == self.size
            if not documents or not has_more:
                return

    def _page(self, query: dict[str, str], size: int) -> Any:
        headers = {"Prefer": f"odata.maxpagesize={size}"}
        path = f"b1s/v1/{self.source.form}"
        return self.client.send("GET", path, params=query, headers=headers, read=_body, renew=self.log_in)

    def _rows(self, documents: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        if self.source.subform is None:
            return [(document, {}) for document in documents]
        return [(document, line) for document in documents for line in document.get(self.source.subform) or []]

    def _key(self, document: dict[str, Any], line: dict[str, Any]) -> str:
        return key_text([self._value(document, line, name) for name in self.source.key])

    def _value(self, document: dict[str, Any], line: dict[str, Any], header: str) -> Any:
        owner, name = (document, header) if self._own(header) is not None else (line, header.partition(".")[2])
        if name not in owner and header not in self.optional:
            raise unknown_fields([header], list(owner), f"resource {self.place}", self.dataset.name)
        return owner.get(name)

    def _batch(self, documents: Sequence[dict[str, Any]], position: int) -> Batch:
        rows = self._rows(documents)
        columns = [[plain(self._value(*row, header)) for row in rows] for header in self.headers]
        return Batch(columns, [self._key(*row) for row in rows], (encode(position),))


def _day(value: Value) -> str:
    text = value.isoformat() if isinstance(value, (dt.datetime, dt.date)) else str(value)
    return text[:10].replace("'", "")


def _body(answer: requests.Response) -> Any:
    return answer.json()
