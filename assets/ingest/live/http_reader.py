"""Opens the web service of a source and prepares its forms, whichever service it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assets.ingest.errors import IngestError
from assets.ingest.live import http_jiandaoyun, http_kingdee, http_rest, http_sap_b1
from assets.ingest.live.http_client import HttpClient
from assets.ingest.live.reader import Prepared
from assets.ingest.live.secrets import Secrets
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.source_keys import HttpSource

_PACE = {
    "jiandaoyun": http_jiandaoyun.REQUESTS_PER_SECOND,
    "kingdee_k3cloud": http_kingdee.REQUESTS_PER_SECOND,
    "sap_b1": http_sap_b1.REQUESTS_PER_SECOND,
    "rest": http_rest.REQUESTS_PER_SECOND,
}


class HttpReader:
    """A web service; one client, one pace and one session for all its forms."""

    def __init__(self, secrets: Secrets, timezone: str) -> None:
        self.secrets, self.timezone = secrets, timezone
        self.client: HttpClient | None = None
        self.is_logged_in = False

    def prepare(self, dataset: Dataset) -> Prepared:
        """Check a dataset against the service. Raises IngestError for an unknown form or field."""
        source = dataset.source
        if not isinstance(source, HttpSource):
            raise IngestError(
                f"dataset {dataset.name!r} has no `source` of kind http",
                fix="A source of kind http needs `source: {kind: http, api: ..., form: ...}` in each dataset.",
            )
        if self.client is None:
            pace = dataset.paging.requests_per_second or _PACE[source.api]
            self.client = HttpClient(self.secrets, requests_per_second=pace)
        if source.api == "jiandaoyun":
            return http_jiandaoyun.JiandaoyunForm(self.client, dataset, source, self.timezone)
        form: http_kingdee.KingdeeForm | http_sap_b1.ServiceLayerResource | http_rest.RestResource
        if source.api == "kingdee_k3cloud":
            form = http_kingdee.KingdeeForm(self.client, dataset, source)
        elif source.api == "sap_b1":
            form = http_sap_b1.ServiceLayerResource(self.client, dataset, source)
        else:
            form = http_rest.RestResource(self.client, dataset, source)
        if not self.is_logged_in:
            form.log_in()
            self.is_logged_in = True
        return form


@contextmanager
def open_http(secrets: Secrets, timezone: str) -> Iterator[HttpReader]:
    """The web service of a source, open for reading."""
    reader = HttpReader(secrets, timezone)
    try:
        yield reader
    finally:
        if reader.client is not None:
            reader.client.session.close()
