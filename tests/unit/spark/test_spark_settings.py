"""Settings of the engine, and the one sentence for each thing that is not there."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

from assets.documents import DocumentError
from assets.spark.faults import SparkError
from assets.spark.session import check_java, check_master
from assets.spark.settings import SparkSettings
from orchestration.project.scaffold import Identity, write_project
from orchestration.settings import Settings, load_settings


def _company(folder: Path, lines: str) -> Settings:
    write_project(folder, Identity("Acme", "ACME"))
    config = folder / "config" / "company.yml"
    config.write_text(config.read_text(encoding="utf-8") + lines, encoding="utf-8")
    return load_settings(config)


def test_duckdb_is_the_engine_where_none_is_named(tmp_path: Path) -> None:
    assert _company(tmp_path, "").workspace().spark is None


def test_the_lake_is_in_the_workspace_or_where_it_is_said_to_be(tmp_path: Path) -> None:
    inside = _company(tmp_path / "a", "engine: spark\n").workspace()
    assert inside.spark == SparkSettings() and inside.lake == inside.root / "lake"
    named = _company(tmp_path / "b", "engine: spark\nspark: {master: 'spark://host:7077', warehouse: tables}\n")
    assert named.workspace().lake == tmp_path / "b" / "tables"


def test_settings_of_an_engine_that_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="add `engine: spark`"):
        _company(tmp_path, "spark: {master: 'local[2]'}\n")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"master": "mesos://host"}, "pattern"),
        ({"master": "spark://host"}, "pattern"),
        ({"executor_memory": "2 GB"}, "pattern"),
        ({"conf": {"sql.shuffle.partitions": "3"}}, "begin with `spark.`"),
        ({"conf": {"spark.sql.ansi.enabled": "false"}}, "results depend on it"),
    ],
)
def test_a_setting_that_cannot_be(section: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SparkSettings.model_validate(section)


def test_no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(SparkError, match=r"needs Java 17.*no `java` on the PATH"):
        check_java()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    with pytest.raises(SparkError, match=r"jdk/bin/java does not exist \(JAVA_HOME\)"):
        check_java()


def test_java_that_is_too_old(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(SparkError, match="is Java 11"):
        check_java()


def test_a_master_that_does_not_answer() -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(SparkError, match=rf"no Spark master answers at spark://127.0.0.1:{port}"):
            check_master(f"spark://127.0.0.1:{port}")
    check_master("local[2]")
