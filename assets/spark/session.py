"""The Spark session of a run: started once in a process, with one clear sentence where it cannot start."""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from assets.optional import optional
from assets.spark.faults import SparkError, explained, first_line
from assets.spark.settings import FIXED, SparkSettings

JAVA = 17
"""The oldest Java that Spark 4 runs on."""
REACH_SECONDS = (
    5.0  # a master that does not answer within it is taken for absent; Spark itself continues trying for a minute
)


EXECUTOR_SECONDS = 60.0
"""A standalone master gives its first executor within seconds; YARN and Kubernetes start a container first."""
_LAKE = (
    "`spark: {warehouse: ...}` names a folder that the driver and every worker see at the same path and may write to"
)

_started: dict[str, Any] = {}


def start_session(settings: SparkSettings) -> Any:
    """The session of this process, started where there is none.

    Raises:
        assets.optional.MissingExtraError: pyspark is not installed.
        SparkError: no Java, a master that does not answer, or Spark's own reason.
    """
    key = settings.model_dump_json()
    found = _started.get(key)
    if found is not None and not found.sparkContext._jsc.sc().isStopped():
        return found
    sql = check_spark(settings)
    stop_session()
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    if _is_loopback(settings.master):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = sql.SparkSession.builder.appName("stockturn").master(settings.master)
    for name, value in _configuration(settings).items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        raise SparkError(f"Spark did not start on {settings.master}: {first_line(error)}") from error
    session.sparkContext.setLogLevel("ERROR")
    logging.getLogger("SQLQueryContextLogger").setLevel(
        logging.CRITICAL
    )  # a stack trace beside each error that is raised
    try:
        _until_executors(session, settings)
    except SparkError:
        session.stop()
        raise
    _started[key] = session
    return session


def _until_executors(session: Any, settings: SparkSettings) -> None:
    """
    Raises:
        SparkError: the cluster gives no executor; Spark itself would wait for one without end.
    """
    if settings.master.startswith("local"):
        return
    tracker = session.sparkContext._jsc.sc().statusTracker()
    deadline = time.monotonic() + EXECUTOR_SECONDS
    while len(tracker.getExecutorInfos()) < 2:  # the driver is the first
        if time.monotonic() > deadline:
            raise SparkError(
                f"{settings.master} gave no executor of {settings.executor_cores} cores and {settings.executor_memory} in "
                f"{EXECUTOR_SECONDS:.0f} s: all are taken, or no worker is so large; lower `executor_memory` or `executor_cores`, or "
                "add workers"
            )
        time.sleep(0.2)


def check_lake(session: Any, folder: Path) -> None:
    """
    Raises:
        SparkError: the driver or an executor may not write to the folder of the tables, or does not see the driver's files there.
    """
    probe = folder / f".probe-{uuid.uuid4().hex}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_text("probe", encoding="utf-8")
    except OSError as error:
        raise SparkError(f"the driver cannot write to {folder}: {error.strerror}; {_LAKE}") from error
    try:
        if session.sparkContext.master.startswith("local"):
            return
        text = str(probe)
        count = session.sparkContext.defaultParallelism
        with explained(session, "the first task on the workers"):
            answers = session.sparkContext.parallelize(range(count), count).map(lambda _: _probed(text)).collect()
        for answer in sorted({one for one in answers if one}):
            raise SparkError(f"{answer}; {_LAKE}")
    finally:
        probe.unlink(missing_ok=True)


def _probed(text: str) -> str:
    """What keeps a worker from the folder of a file that the driver wrote; empty where nothing does."""
    probe = Path(text)
    own = probe.with_name(f"{probe.name}-{uuid.uuid4().hex}")
    try:
        if not probe.exists():
            return f"a worker ({socket.gethostname()}) does not see what the driver writes to {probe.parent}"
        own.write_text("probe", encoding="utf-8")
        own.unlink()
    except OSError as error:
        return f"a worker ({socket.gethostname()}) cannot write to {probe.parent}: {error.strerror}"
    return ""


def stop_session() -> None:
    """Stop the session of this process and its JVM, if there is one."""
    for session in _started.values():
        context = session.sparkContext
        gateway = context._gateway
        session.stop()
        if gateway is not None:
            gateway.shutdown()
            if getattr(gateway, "proc", None) is not None:
                gateway.proc.stdin.close()
                gateway.proc.wait(timeout=30)
            type(context)._gateway = type(context)._jvm = None
    _started.clear()


def check_spark(settings: SparkSettings) -> Any:
    """What a session needs, without starting one; returns pyspark's module `sql`.

    Raises:
        assets.optional.MissingExtraError: pyspark is not installed.
        SparkError: no Java, or a master that does not answer.
    """
    sql = optional("pyspark.sql", "spark")
    check_java()
    check_master(settings.master)
    return sql


def check_java() -> None:
    """
    Raises:
        SparkError: no Java, or one that is too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not java or not Path(java).exists():
        where = f"{java} does not exist (JAVA_HOME)" if home else "there is no `java` on the PATH"
        raise SparkError(f"Spark needs Java {JAVA} or newer: {where}; install it (Debian: openjdk-17-jre-headless)")
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60)
    version = re.search(r'version "(\d+)', answer.stderr)
    if version and int(version[1]) < JAVA:
        raise SparkError(f"Spark needs Java {JAVA} or newer; {java} is Java {version[1]}")


def check_master(master: str) -> None:
    """
    Raises:
        SparkError: nothing listens at the address of a standalone master.
    """
    if not master.startswith("spark://"):
        return
    addresses = [one.rsplit(":", 1) for one in master.removeprefix("spark://").split(",")]
    reasons = []
    for host, port in addresses:
        try:
            with socket.create_connection((host, int(port)), REACH_SECONDS):
                return
        except OSError as error:
            reasons.append(f"{host}:{port} {error.strerror or error}")
    raise SparkError(f"no Spark master answers at {master}: {'; '.join(reasons)}; fix `spark: {{master: ...}}`")


def _configuration(settings: SparkSettings) -> dict[str, str]:
    chosen = {
        "spark.driver.memory": settings.driver_memory,
        "spark.executor.memory": settings.executor_memory,
        "spark.executor.cores": str(settings.executor_cores),
        "spark.executor.instances": str(settings.executors),
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # The models' tables are small beside the movements: a join of two of them need not sort.
        "spark.sql.adaptive.enabled": "true",
        # Nobody looks at Spark's pages of a run: it need not write out the plan of every step and keep a thousand of them.
        "spark.sql.maxPlanStringLength": "1000",
        "spark.sql.ui.retainedExecutions": "5",
        "spark.ui.retainedJobs": "20",
        "spark.ui.retainedStages": "20",
        "spark.ui.retainedTasks": "200",
        # Plans of the widest marts have thousands of expressions: deriving further filters from them takes longer than the filters save.
        "spark.sql.constraintPropagation.enabled": "false",
        "spark.sql.warehouse.dir": str(Path(settings.warehouse or "spark-warehouse").resolve()),
    }
    if settings.master.startswith("spark://"):
        chosen["spark.cores.max"] = str(settings.executors * settings.executor_cores)
    if _is_loopback(settings.master):
        chosen |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return chosen | settings.conf | FIXED


def _is_loopback(master: str) -> bool:
    """Whether all of Spark is on this machine: then its ports are open to nobody else."""
    return master.startswith("local") or re.match(r"spark://(127\.0\.0\.1|localhost):", master) is not None
