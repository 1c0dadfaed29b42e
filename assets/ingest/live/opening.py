"""Opens a live source of the configuration with its variables of the environment."""

from __future__ import annotations

from contextlib import AbstractContextManager

from assets.ingest.live.reader import LiveReader
from assets.ingest.live.secrets import Secrets
from assets.ingest.live.sql_reader import open_sql
from assets.ingest.mapping.language import Mapping
from assets.ingest.settings import SourceSettings


def open_source(source: SourceSettings, mapping: Mapping) -> AbstractContextManager[LiveReader]:
    """The reader of a source, open for the time of the block; IngestError where it cannot be reached."""
    secrets = Secrets(source.name)
    if source.kind == "http":
        from assets.ingest.live.http_reader import open_http

        return open_http(secrets, source.timezone)
    return open_sql(secrets, mapping.parameter_values(source.parameters, source.built_in_parameters))
