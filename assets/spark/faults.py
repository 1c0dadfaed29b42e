"""What went wrong in Spark, in one sentence with what to change; Spark's own answer is a page of stack traces of two languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class SparkError(RuntimeError):
    """Spark could not start or could not finish; the message says what to do."""


# Of the JVM itself; its exit status by that (52), or by the system's own killer (137 = 128 + SIGKILL); of the Python beside it.
_NO_MEMORY = re.compile(
    r"OutOfMemoryError|SparkOutOfMemory|Unable to acquire \d+ bytes of memory|exited with code (52|137)\b|exit code (52|137)\b"
    r"|\bMemoryError\b|ArrowMemoryError|Python worker exited unexpectedly|cannot allocate memory",
    re.I,
)
_NO_RIGHT = re.compile(
    r"(AccessDenied\w*|Permission denied|AccessControlException|HTTP 403|\b403 Forbidden)[^\n]*", re.I
)
_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'|Cannot run program \"([^\"]+)\"")
_NO_SPACE = re.compile(r"No space left on device", re.I)


@contextmanager
def explained(spark: Any, what: str) -> Iterator[None]:
    """Errors of Spark in the block as one sentence.

    Args:
        spark: the session, whose settings the sentence names.
        what: that was being done, such as `marts.fct_turnover`.

    Raises:
        SparkError: in place of an error of Spark; all others pass.
    """
    try:
        yield
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("pyspark", "py4j"):
            raise
        raise SparkError(f"{what}: {_sentence(str(error), spark)}") from error


def first_line(error: BaseException) -> str:
    """The first line of an error that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]


def _sentence(text: str, spark: Any) -> str:
    if _NO_MEMORY.search(text):
        return (
            f"a worker of Spark ran out of memory; raise `executor_memory` (now {_setting(spark, 'spark.executor.memory')}) or "
            f"`shuffle_partitions` (now {_setting(spark, 'spark.sql.shuffle.partitions')}), of the ledger lower `ledger_rows`; "
            "the Python beside each JVM needs as much memory again"
        )
    if found := _NO_RIGHT.search(text):
        return f"Spark may not read or write there: {found[0].strip()[:200]}; give the user that Spark runs as the right to it"
    if found := _NO_MODULE.search(text):
        return (
            f"a worker has no {found[1] or found[2]}: every worker needs the same Python and packages as the driver, at the same path "
            "(`pip install 'stockturn[spark]'`)"
        )
    if "PYTHON_VERSION_MISMATCH" in text:
        return "driver and workers run different versions of Python; install the same on all"
    if _NO_SPACE.search(text):
        return "a disk of Spark's driver or workers is full (No space left on device)"
    if "SparkContext" in text and ("shut down" in text or "stopped" in text):
        return "the Spark session ended in mid-run: its driver was killed or its master removed the application; see the master's log"
    return next((line.strip() for line in text.splitlines() if line.strip()), "Spark failed")[:500]


def _setting(spark: Any, name: str) -> str:
    """A setting of a session, which may have ended."""
    try:
        return str(spark.conf.get(name))
    except Exception:
        return "unknown"
