"""A standalone Spark cluster on loopback: a master and its workers, each a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_SECONDS = 180


@dataclass
class Cluster:
    """A standalone master and its workers.

    Args:
        spark_home: folder of the package pyspark, which has all of Spark's jars.
        environment: of the processes; the ledger's tasks find the product by its PYTHONPATH.
        folder: for logs and the workers' files.
        memory: that each worker may give to its executors.
    """

    spark_home: Path
    environment: Mapping[str, str]
    folder: Path
    memory: str = "2g"
    master: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, workers: int = 2) -> None:
        port = _free_port()
        self.master = f"spark://127.0.0.1:{port}"
        self._java(
            "master", "master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(_free_port())
        )
        _until_open(port)
        for number in range(workers):
            self.add_worker(f"worker-{number}")

    def add_worker(self, name: str) -> None:
        place = self.folder / name
        self._java(
            name, "worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", self.memory, "--webui-port", str(_free_port()),
            "--work-dir", str(place), self.master,
        )  # fmt: skip

    def kill(self, name: str) -> None:
        """End a worker and its executors as a machine that loses power does."""
        os.killpg(self.processes.pop(name).pid, signal.SIGKILL)

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def _java(self, name: str, kind: str, *arguments: str) -> None:
        command = [
            shutil.which("java") or "java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-cp", f"{self.spark_home}/jars/*", f"org.apache.spark.deploy.{kind}", *arguments,
        ]  # fmt: skip
        log = (self.folder / f"{name}.log").open("wb")
        environment = {
            **self.environment,
            "SPARK_HOME": str(self.spark_home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_SCALA_VERSION": "2.13",  # what bin/load-spark-env.sh says; without it a worker looks for build folders
        }
        self.processes[name] = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_open(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"the Spark master did not open port {port} in {PATIENCE_SECONDS} s")
