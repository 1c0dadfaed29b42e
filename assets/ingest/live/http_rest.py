"""A web service of no known kind: pages of JSON below one address, with a key or by OAuth 2.0 (client credentials, RFC 6749, 4.4).

`STOCKTURN_SOURCE_<NAME>_TOKEN_URL` with `_USER` (client id) and `_PASSWORD` (client secret) asks for a token before the first page and
again where an answer is 401; `_KEY` is sent as it is. Such a service says nothing about what has changed: everything is read and the
differences are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import requests

from assets.ingest.errors import IngestError
from assets.ingest.live.http_client import TIMEOUT_SECONDS, HttpClient
from assets.ingest.live.http_fields import plain, unknown_fields, wanted_headers
from assets.ingest.live.reader import Batch, key_text
from assets.ingest.live.watermark import Encoded, Request, Value, encode
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.source_keys import HttpSource

PAGE_ROWS = 100
REQUESTS_PER_SECOND = 5.0


class RestResource:
    """One path of a service, prepared for reading."""

    has_snapshot = False
    is_keyed = False

    def __init__(self, client: HttpClient, dataset: Dataset, source: HttpSource) -> None:
        if dataset.watermark.kind != "full":
            raise IngestError(
                f"dataset {dataset.name!r} has a watermark, and a service of no known kind is read whole",
                fix="Leave `watermark` out; what changed is found by comparing.",
            )
        self.client, self.dataset, self.source = client, dataset, source
        self.size = dataset.paging.size or PAGE_ROWS
        self.place = source.form
        headers, self.optional = wanted_headers(dataset)
        self.headers = tuple(headers)
        self.fingerprint = hashlib.sha256("\x1f".join((source.model_dump_json(), *self.headers)).encode()).hexdigest()

    def log_in(self) -> None:
        """Send a key, or a token of the service, with every request from now on."""
        secrets, session = self.client.secrets, self.client.session
        address = secrets.get("TOKEN_URL")
        if address is None:
            key = secrets.get("KEY")
            if key is not None:
                session.headers["Authorization"] = key if " " in key else f"Bearer {key}"
            return
        session.headers.pop("Authorization", None)
        try:
            answer = requests.post(
                address,
                data={"grant_type": "client_credentials"},
                auth=(secrets.need("USER"), secrets.need("PASSWORD")),
                timeout=TIMEOUT_SECONDS,
            )
            token = answer.json().get("access_token") if answer.status_code < 400 else None
        except (requests.RequestException, AttributeError) as error:
            raise self._no_token(type(error).__name__) from None
        if not token:
            raise self._no_token(f"status {answer.status_code}")
        session.headers["Authorization"] = f"Bearer {token}"

    def _no_token(self, reason: str) -> IngestError:
        return IngestError(
            f"the web service of source {self.client.secrets.source!r} gave no token ({reason})",
            fix="Check the variables TOKEN_URL, USER and PASSWORD of the source.",
        )

    def ceiling(self) -> tuple[Encoded | None, ...]:
        """No watermark."""
        return ()

    def read(self, request: Request, after: tuple[Value, ...] | None) -> Iterator[Batch]:
        """All rows, from a page on."""
        for rows, following in self._pages(after[0] if after else None):
            lines = self._lines(rows)
            columns = [[plain(self._value(*line, header)) for line in lines] for header in self.headers]
            yield Batch(columns, [self._key(*line) for line in lines], (encode(following),))

    def all_keys(self) -> Iterator[Sequence[str]]:
        """Keys of all rows."""
        for rows, _ in self._pages(None):
            yield [self._key(*line) for line in self._lines(rows)]

    def _pages(self, position: Value | None) -> Iterator[tuple[list[Any], str]]:
        """Rows of each page, and the position after it as a text."""
        pages = self.source.pages
        place = str(position) if position is not None else ""
        seen: set[str] = set()
        before: list[Any] = []
        while place not in seen:
            seen.add(place)
            query = dict(self.source.query)
            if pages is not None:
                if pages.size_parameter is not None:
                    query[pages.size_parameter] = str(self.size)
                if pages.by != "cursor":
                    place = place or str(pages.first if pages.by == "page" else 0)
                if place:
                    query[pages.parameter] = place
            answer = self.client.send("GET", self.source.form, params=query, read=_body, renew=self.log_in)
            rows = _at(answer, self.source.rows)
            if not isinstance(rows, list):
                raise self._unlike(f"has no list at {'.'.join(self.source.rows) or 'its top'}")
            if rows and rows == before and pages is not None and pages.by != "cursor":
                raise self._unlike(f"has the same rows at {place} as before: pages do not end")
            before = rows
            following = self._after(place, rows, answer)
            if rows:
                yield rows, following
            if pages is None or not following or not rows:
                return
            place = following
        raise self._unlike(f"gives the page {place} again and again")

    def _after(self, place: str, rows: list[Any], answer: Any) -> str:
        """Where the next page begins; "" after the last one."""
        pages = self.source.pages
        if pages is None:
            return ""
        if pages.by == "cursor":
            following = _at(answer, pages.next)
            return str(following) if following not in (None, "", False) else ""
        return str(int(place) + (1 if pages.by == "page" else len(rows)))

    def _lines(self, rows: Sequence[Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        documents = [row for row in rows if isinstance(row, Mapping)]
        if len(documents) < len(rows):
            raise self._unlike("has entries that are no objects in its list of rows")
        if self.source.subform is None:
            return [(document, {}) for document in documents]
        return [(document, line) for document in documents for line in document.get(self.source.subform) or []]

    def _key(self, document: Mapping[str, Any], line: Mapping[str, Any]) -> str:
        return key_text([self._value(document, line, name) for name in self.source.key])

    def _value(self, document: Mapping[str, Any], line: Mapping[str, Any], header: str) -> Any:
        """A field, of the line where it begins with the name of the subform; `outer.inner` reaches into an object."""
        subform = self.source.subform
        owner, name = (
            (line, header.partition(".")[2]) if subform and header.startswith(f"{subform}.") else (document, header)
        )
        if name in owner:
            return owner[name]
        value: Any = owner
        for part in name.split("."):
            if not isinstance(value, Mapping) or part not in value:
                if header in self.optional:
                    return None
                raise unknown_fields([header], list(map(str, owner)), f"resource {self.place}", self.dataset.name)
            value = value[part]
        return value

    def _unlike(self, problem: str) -> IngestError:
        return IngestError(
            f"an answer of the web service of source {self.client.secrets.source!r} {problem}",
            file=self.place,
            fix=f"Correct `rows` and `pages` of dataset {self.dataset.name!r} in the mapping.",
        )


def _at(answer: Any, path: Sequence[str]) -> Any:
    for key in path:
        answer = answer.get(key) if isinstance(answer, Mapping) else None
    return answer


def _body(answer: requests.Response) -> Any:
    return answer.json()
