"""Addresses and passwords of live sources: taken from the environment, and kept out of everything that is written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit

from assets.ingest.errors import IngestError

_HIDDEN = "***"
_SECRET_PARTS = ("PASSWORD", "KEY", "SECRET", "TOKEN")


def variable(source: str, part: str) -> str:
    """Name of the variable that holds a part (URL, KEY, USER, PASSWORD, ACCOUNT, TOKEN_URL) of a source's address."""
    return f"STOCKTURN_SOURCE_{re.sub(r'[^0-9A-Za-z]+', '_', source).upper()}_{part}"


class Secrets:
    """What the environment says about one source, and the way to hide it."""

    def __init__(self, source: str, environment: Mapping[str, str] | None = None) -> None:
        self.source = source
        prefix = variable(source, "")
        known = os.environ if environment is None else environment
        self._values = {
            name.removeprefix(prefix): value for name, value in known.items() if name.startswith(prefix) and value
        }

    def need(self, part: str) -> str:
        """The value of a part; IngestError naming the variable to set where there is none."""
        if part not in self._values:
            raise IngestError(
                f"source {self.source!r} has no {part.lower()}",
                fix=f"Set the environment variable {variable(self.source, part)}.",
            )
        return self._values[part]

    def get(self, part: str) -> str | None:
        """The value of a part, or None."""
        return self._values.get(part)

    def hide(self, text: str) -> str:
        """A text without the addresses and passwords of the source, in whatever form they are in it."""
        for secret in sorted(self._hidden(), key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return re.sub(r"(?i)((?:password|pwd|passwd|token|api[_-]?key)\s*[=:]\s*)[^\s;,&'\"]+", rf"\1{_HIDDEN}", text)

    def _hidden(self) -> Iterable[str]:
        for part, value in self._values.items():
            if part == "URL":
                yield value
                # A password may hold characters that make no valid address; then the whole address is hidden.
                try:
                    password = urlsplit(value).password
                except ValueError:
                    password = None
                if password:
                    yield from {password, unquote(password), quote(unquote(password), safe="")}
            elif part in _SECRET_PARTS:
                yield from {value, quote(value, safe="")}
