"""Addresses of channels: from the environment only, never shown. `STOCKTURN_NOTIFY_<CHANNEL>` holds an Apprise URL."""

from __future__ import annotations

import re
from collections.abc import Mapping

PREFIX = "STOCKTURN_NOTIFY_"


class Address:
    """An Apprise URL that does not show itself: no repr, str, format or pickle gives it away."""

    __slots__ = ("_url",)

    def __init__(self, url: str) -> None:
        """Keep the URL."""
        self._url = url

    def reveal(self) -> str:
        """The URL, for the one place that sends."""
        return self._url

    def __repr__(self) -> str:
        """Stars."""
        return "Address(***)"

    def __reduce__(self) -> tuple[object, ...]:
        """Refuse: a pickle would write the token somewhere."""
        raise TypeError("an address cannot be pickled")

    def scrub(self, text: str) -> str:
        """`text` with every part of the address that could be a secret replaced by stars."""
        for part in sorted({p for p in re.split(r"[/:@?&=]+", self._url) if len(p) >= 6}, key=len, reverse=True):
            text = text.replace(part, "***")
        return text


def variable_of(channel: str) -> str:
    """The environment variable of a channel: `ops-dingtalk` -> STOCKTURN_NOTIFY_OPS_DINGTALK."""
    return PREFIX + re.sub(r"[^A-Z0-9]", "_", channel.upper())


def address_of(channel: str, environment: Mapping[str, str]) -> Address | None:
    """The address of a channel, None where the environment has none."""
    url = environment.get(variable_of(channel), "").strip()
    return Address(url) if url else None
