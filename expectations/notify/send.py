"""Sends one notice through Apprise. The only place that sees an address; what it reports back holds none.

Apprise and urllib3 log addresses with their tokens at debug level: while a notice is sent, their records are kept
from every handler and read here for the reason of a failure.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from expectations.notify.answers import read_answers_strictly
from expectations.notify.channels import Address, address_of, variable_of
from expectations.notify.deliver import SendResult
from expectations.notify.render import fit

# WeCom takes 2048 bytes of text with the title in it, DingTalk 20000 (their robots' documentation, 2026-11)
MAX_BYTES = {"wecombot": 1900}
OTHER_MAX_BYTES = 15000
_heard: ContextVar[list[str] | None] = ContextVar("stockturn_notify_heard", default=None)


class _Hush(logging.Filter):
    """Swallows records of the sending thread, keeping those that tell of trouble."""

    def filter(self, record: logging.LogRecord) -> bool:
        """False while this thread sends."""
        heard = _heard.get()
        if heard is None:
            return True
        if record.levelno >= logging.WARNING:
            heard.append(record.getMessage())
        return False


_HUSH = _Hush()


@contextmanager
def _hushed() -> Iterator[list[str]]:
    for name in ("apprise", "urllib3.connectionpool", "urllib3.util.retry", "requests"):
        logging.getLogger(name).addFilter(_HUSH)  # adding it again changes nothing
    heard: list[str] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


class AppriseSender:
    """Sends to channels whose addresses are in the environment."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """`environment` is os.environ by default."""
        self._environment = os.environ if environment is None else environment

    def __call__(self, channel: str, title: str, body: str, files: Sequence[Path] = ()) -> SendResult:
        """Send one notice; never raises for a channel that is down. `files` go along where the channel takes files (e-mail)."""
        address = address_of(channel, self._environment)
        if address is None:
            return SendResult(False, f"{variable_of(channel)} is not set")
        with _hushed() as heard:
            result = _send(address, channel, title, body, files)
        reason = "; ".join(dict.fromkeys(heard)) or "the channel did not take it"
        return SendResult(True) if result is None else SendResult(False, address.scrub(result or reason))


def _send(address: Address, channel: str, title: str, body: str, files: Sequence[Path]) -> str | None:
    """None when sent, else the reason (empty where only the log knows it)."""
    import apprise  # 0.3 s to import, and only runs with notices need it

    read_answers_strictly()
    robot = apprise.Apprise.instantiate(
        address.reveal(), asset=apprise.AppriseAsset(app_id="Stockturn", secure_logging=True), suppress_exceptions=True
    )
    if robot is None:
        return f"{variable_of(channel)} holds an address that Apprise does not understand"
    limit = MAX_BYTES.get(str(robot.secure_protocol), OTHER_MAX_BYTES)
    short = fit(body, limit - len(title.encode()), "... stockturn incidents list")
    attached = apprise.AppriseAttachment([str(path) for path in files]) if files and robot.attachment_support else None
    return None if robot.notify(title=title, body=short, attach=attached) else ""
