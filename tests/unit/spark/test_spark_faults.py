"""Spark's answers, as one sentence with what to change. The texts are parts of what Spark 4.3 really answered."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from assets.spark.faults import SparkError, explained
from assets.spark.session import _probed, check_lake

SETTINGS = {"spark.executor.memory": "1g", "spark.sql.shuffle.partitions": "8"}
SESSION = SimpleNamespace(
    conf=SimpleNamespace(get=SETTINGS.__getitem__), sparkContext=SimpleNamespace(master="local[2]")
)


class _OfSpark(Exception):
    """An error as pyspark raises it."""


_OfSpark.__module__ = "pyspark.errors.exceptions.captured"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Job aborted due to stage failure: Task 0 in stage 3.0 failed 4 times, most recent failure: Lost task 0.3 in stage 3.0: "
            "ExecutorLostFailure (executor 4 exited caused by one of the running tasks) Reason: Command exited with code 52",
            r"marts.x: a worker of Spark ran out of memory; raise `executor_memory` \(now 1g\) or `shuffle_partitions` \(now 8\)",
        ),
        ("java.lang.OutOfMemoryError: Java heap space", "ran out of memory"),
        ("org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)", "Python beside each JVM"),
        ("java.io.IOException: Permission denied: /lake/marts", "Permission denied: /lake/marts; give the user"),
        ("status code: 403, AccessDenied: no right to the bucket", "AccessDenied: no right to the bucket; give the user"),
        ("java.io.IOException: No space left on device", "a disk of Spark's driver or workers is full"),
        ("ModuleNotFoundError: No module named 'numba'", "a worker has no numba: every worker needs the same Python"),
        ('Cannot run program "/opt/venv/bin/python": error=2', "a worker has no /opt/venv/bin/python"),
        ("[PYTHON_VERSION_MISMATCH] Python in worker has different version", "different versions of Python"),
        ("Cannot call methods on a stopped SparkContext", "the Spark session ended in mid-run"),
        ("[TABLE_OR_VIEW_NOT_FOUND] The table `x`\n\nat org.apache", r"^marts.x: \[TABLE_OR_VIEW_NOT_FOUND\] The table `x`$"),
    ],
)  # fmt: skip
def test_what_spark_answers_is_one_sentence(text: str, message: str) -> None:
    with pytest.raises(SparkError, match=message), explained(SESSION, "marts.x"):
        raise _OfSpark(text)


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(KeyError), explained(SESSION, "marts.x"):
        raise KeyError("MemoryError")


def test_a_session_that_died_is_not_asked_for_its_settings() -> None:
    with pytest.raises(SparkError, match=r"now unknown"), explained(SimpleNamespace(), "marts.x"):
        raise _OfSpark("OutOfMemoryError")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    check_lake(SESSION, tmp_path / "lake")
    assert list((tmp_path / "lake").iterdir()) == []
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(
        SparkError, match=r"the driver cannot write to .*file/lake: Not a directory; `spark: {warehouse"
    ):
        check_lake(SESSION, tmp_path / "file" / "lake")


def test_a_folder_that_a_worker_does_not_see(tmp_path: Path) -> None:
    (tmp_path / "seen").write_text("", encoding="utf-8")
    assert _probed(str(tmp_path / "seen")) == ""
    assert "does not see what the driver writes" in _probed(str(tmp_path / "elsewhere"))
