"""Which errors the product foresaw (its user can correct them) and which are faults of the machine or of the program."""

from __future__ import annotations

import errno
from collections.abc import Iterator

GOOD, RELEASED_WITH_FAILURES, NOT_RELEASED, CRASHED = 0, 1, 2, 3
"""Exit statuses of `stockturn run`; other commands end with 0, 2 (what their user can correct) and 3 (a fault)."""

_OWN = ("assets", "orchestration", "expectations", "dashboard", "demo")
# The machine's own trouble: full, failing or read-only disks, no memory. What is left (no such file, no right) names a path.
_MACHINE = frozenset({errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE})


class RunCrashedError(RuntimeError):
    """A run ended with a fault, not with a refusal; the message says what it was."""


def is_foreseen(error: BaseException) -> bool:
    """Whether the error is a class of the product, or the machine's answer to a path that its user gave."""
    if isinstance(error, RunCrashedError):
        return False
    if isinstance(error, OSError) and error.errno in _MACHINE:
        return False
    return type(error).__module__.split(".")[0] in _OWN or isinstance(error, OSError)


def is_refusal(error: BaseException) -> bool:
    """Whether a run that ended with it was refused: nothing that the machine says of its own files is its user's to correct."""
    return is_foreseen(error) and not isinstance(error, OSError)


def own_error_names() -> frozenset[str]:
    """Names of the product's error classes that are loaded: of an error in a step nothing but its name comes back."""
    return frozenset(kind.__name__ for kind in _below(Exception) if kind.__module__.split(".")[0] in _OWN)


def _below(kind: type[Exception]) -> Iterator[type[Exception]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)
