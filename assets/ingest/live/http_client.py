"""One web service: requests at its pace, repeated where that can help, and errors that say what to do without secrets."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from assets.ingest.errors import IngestError
from assets.ingest.live.secrets import Secrets, variable

ATTEMPTS = 6
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0
TIMEOUT_SECONDS = (10, 120)
_BUSY = (408, 425, 429, 500, 502, 503, 504)


class Busy(Exception):
    """The service asks to come again: raised by whoever reads an answer that says so in its body."""


class HttpClient:
    """Sends JSON requests below the address of a source.

    At most `requests_per_second` go out. An answer that says "later" (429, 5xx), a cut connection and `Busy` are followed
    by another attempt after a wait that doubles, at random between half and whole, or after what `Retry-After` says.
    """

    def __init__(
        self,
        secrets: Secrets,
        *,
        requests_per_second: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        attempts: int = ATTEMPTS,
    ) -> None:
        address = secrets.need("URL")
        if not address.startswith(("http://", "https://")):
            raise IngestError(
                f"the address of source {secrets.source!r} is none of a web service",
                fix=f"{variable(secrets.source, 'URL')} begins with https://.",
            )
        self.secrets, self.address = secrets, address.rstrip("/")
        self.session = requests.Session()
        self.session.headers["Accept"] = "application/json"
        self.sleep, self.clock, self.attempts = sleep, clock, attempts
        self._gap = 1 / requests_per_second
        self._free_at = self._wait = 0.0
        self._random = random.Random(0)

    def send(
        self,
        method: str,
        path: str,
        *,
        read: Callable[[requests.Response], Any],
        renew: Callable[[], None] | None = None,
        peek: Callable[[requests.Response], None] | None = None,
        **arguments: Any,
    ) -> Any:
        """What `read` makes of the answer. `renew` logs in again after a 401, `peek` sees answers before their status is
        judged and may raise Busy. IngestError when all attempts failed."""
        reason, has_renewed = "", False
        for attempt in range(self.attempts):
            if attempt:
                self.sleep(self._wait)
            self._keep_pace()
            self._wait = min(FIRST_WAIT_SECONDS * 2**attempt * self._random.uniform(0.5, 1), LONGEST_WAIT_SECONDS)
            try:
                answer = self.session.request(method, f"{self.address}/{path}", timeout=TIMEOUT_SECONDS, **arguments)
                if answer.status_code == 401 and renew is not None and not has_renewed:
                    has_renewed = True
                    renew()
                    reason = "the session had ended"
                    continue
                if peek is not None:
                    peek(answer)
                self._refuse(answer)
                return read(answer)
            except Busy as busy:
                reason = str(busy)
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                reason = type(error).__name__
            except requests.exceptions.JSONDecodeError:
                reason = "the answer was no JSON"
            except requests.RequestException as error:
                raise self._error(type(error).__name__, "Check the address.") from None
        raise self._error(
            f"{self.attempts} attempts failed, the last because {self.secrets.hide(reason)}",
            "Run again later: what has been read so far is kept.",
        )

    def _keep_pace(self) -> None:
        now = self.clock()
        if now < self._free_at:
            self.sleep(self._free_at - now)
        self._free_at = max(now, self._free_at) + self._gap

    def _refuse(self, answer: requests.Response) -> None:
        """Raise for an answer that is none."""
        if answer.status_code in _BUSY:
            after = _retry_after(answer.headers)
            if after is not None:
                self._wait = min(after, LONGEST_WAIT_SECONDS)
            raise Busy(f"the service answered {answer.status_code}")
        if answer.status_code in (401, 403):
            raise self._error(
                f"refused the account ({answer.status_code})",
                f"Check the variables {variable(self.secrets.source, '...')} and the account's rights.",
            )
        if answer.status_code >= 400:
            text = self.secrets.hide(" ".join(answer.text.split()))[:200]
            raise self._error(f"answered {answer.status_code} ({text})", "Correct the form and fields in the mapping.")

    def _error(self, problem: str, fix: str) -> IngestError:
        return IngestError(f"the web service of source {self.secrets.source!r} failed: {problem}", fix=fix)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for, as a number or as a moment."""
    text = headers.get("Retry-After")
    if text is None:
        return None
    try:
        return max(float(text), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(text).timestamp() - time.time()), 0.0)
    except ValueError:
        return None
