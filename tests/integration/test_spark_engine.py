"""The same company on both engines: the same marts. And what a run on Spark does where something is missing, or is killed.

Spark runs in processes of its own: a standalone master and two workers on loopback.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import spark
import yaml
from companies import Company, configure
from engines import content_of
from spark import SparkSite
from typer.testing import CliRunner

from assets.publish.releases import current_release
from benchmarks.spark_cluster import Cluster
from demo.hard_world import LAST_DAY, write_hard_world
from demo.settings import DemoSettings
from demo.simulate import write_demo
from orchestration.cli import app

spark_site, cluster = spark.spark_site, spark.cluster  # fixtures
END = DemoSettings().end_date


def _on_spark(company: Company, folder: Path, master: str, **settings: str) -> Path:
    """The configuration of the same company with another workspace and engine; `settings` of the section `spark`."""
    data = yaml.safe_load((company.folder / "company.yml").read_text(encoding="utf-8"))
    data |= {
        "data_dir": str(folder / "data"),
        "engine": "spark",
        "spark": {
            "master": master,
            "executor_memory": "1g",
            "driver_memory": "3g",
            "shuffle_partitions": 2,
            "conf": spark.SMALL_DATA,
            **settings,
        },
    }
    path = folder / "company.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def _marts(folder: Path) -> dict[str, tuple[int, str]]:
    release = current_release(folder / "data" / "releases")
    assert release is not None
    return content_of(release.database)


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A small trading company, run on DuckDB."""
    folder = tmp_path_factory.mktemp("trade")
    write_demo(folder, seed=3, items=16, days=120)
    company = configure(folder, "demo", folder / "inbox")
    company.run(END)
    return company


def test_without_the_extra_the_engine_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    config = _on_spark(configure(tmp_path, "demo", tmp_path / "inbox"), tmp_path, "local[2]")
    result = CliRunner().invoke(app, ["validate", "--config", str(config)])
    assert result.exit_code == 2
    assert "pyspark is not installed; install it with: pip install 'stockturn[spark]'" in result.output


@pytest.mark.slow
def test_every_mart_is_the_same_on_a_cluster(
    trade: Company, spark_site: SparkSite, cluster: Cluster, tmp_path: Path
) -> None:
    config = _on_spark(trade, tmp_path, cluster.master)
    done = spark_site.stockturn("run", "--config", str(config), "--as-of", END.isoformat())
    assert done.returncode in (0, 1), done.stdout[-3000:] + done.stderr[-3000:]
    expected, found = content_of(trade.release.database), _marts(tmp_path)
    assert sum(rows for rows, _ in found.values()) > 5000
    assert [name for name in expected if expected[name] != found.get(name)] == []
    assert set(found) == set(expected)


@pytest.mark.slow
def test_numbers_are_divided_rounded_and_cast_as_in_duckdb(spark_site: SparkSite, tmp_path: Path) -> None:
    done = spark_site.python(str(Path(spark.__file__).with_name("spark_expressions.py")), str(tmp_path))
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(lines) == 23, done.stdout[-2000:] + done.stderr[-3000:]
    assert [line for line in lines if line[2]] == []


@pytest.mark.slow
def test_the_ledger_goes_on_from_its_state(spark_site: SparkSite, tmp_path: Path) -> None:
    """A week with corrections of the past, conversions between buckets, a damaged state: each day's tables are those of a run from the
    start."""
    done = spark_site.python(str(Path(spark.__file__).with_name("spark_ledger.py")), str(tmp_path))
    days = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(days) == 11, done.stdout[-2000:] + done.stderr[-3000:]
    assert [differ for *_, differ in days] == [[]] * 11
    assert [is_incremental for _, is_incremental, *_ in days] == [False, *[True] * 5, False, False, *[True] * 3]
    assert sum(restated for *_, restated, _ in days[:7]) > 20, "nothing was corrected"


@pytest.mark.slow
def test_every_mart_of_the_hard_world_is_the_same(
    spark_site: SparkSite, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("hard")
    write_hard_world(folder)
    company = configure(folder, "hard", folder / "inbox")
    company.run(LAST_DAY)
    other = tmp_path_factory.mktemp("hard_spark")
    config = _on_spark(company, other, cluster.master)
    done = spark_site.stockturn("run", "--config", str(config), "--as-of", LAST_DAY.isoformat())
    assert done.returncode in (0, 1), done.stdout[-3000:] + done.stderr[-3000:]
    expected, found = content_of(company.release.database), _marts(other)
    assert [name for name in expected if expected[name] != found.get(name)] == []


@pytest.mark.slow
def test_a_worker_that_dies_changes_no_figure(
    trade: Company, spark_site: SparkSite, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One of two workers is killed while models are built; its tables are computed again on the other."""
    folder = tmp_path_factory.mktemp("killed")
    cluster = spark_site.cluster(tmp_path_factory.mktemp("dying"))
    try:
        cluster.start()
        config = _on_spark(trade, folder, cluster.master)
        command = [sys.executable, "-c", "from orchestration.cli import app; app()", "run", "--config", str(config)]
        with (folder / "out.log").open("wb") as log:
            run = subprocess.Popen(
                [*command, "--as-of", END.isoformat()], env=spark_site.environment, stdout=log, stderr=log
            )
        _until_built(folder / "data" / "lake" / "intermediate", run)
        cluster.kill("worker-1")
        assert run.wait(3000) in (0, 1), (folder / "out.log").read_text(encoding="utf-8")[-3000:]
    finally:
        cluster.stop()
    assert _marts(folder) == content_of(trade.release.database)


@pytest.mark.slow
def test_a_master_that_is_not_there_publishes_nothing(trade: Company, spark_site: SparkSite, tmp_path: Path) -> None:
    config = _on_spark(trade, tmp_path, "spark://127.0.0.1:9")
    done = spark_site.stockturn("run", "--config", str(config), "--as-of", END.isoformat())
    assert done.returncode == 2
    assert "no Spark master answers at spark://127.0.0.1:9" in done.stdout + done.stderr
    assert not (tmp_path / "data" / "releases").exists()


@pytest.mark.slow
def test_a_cluster_without_room_publishes_nothing(
    trade: Company, spark_site: SparkSite, cluster: Cluster, tmp_path: Path
) -> None:
    """Spark itself waits without end for an executor that no worker can hold."""
    config = _on_spark(trade, tmp_path, cluster.master, executor_memory="64g")
    done = spark_site.stockturn("run", "--config", str(config), "--as-of", END.isoformat())
    assert done.returncode == 2
    assert "gave no executor of 1 cores and 64g" in done.stdout + done.stderr
    assert not (tmp_path / "data" / "releases").exists()


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_publishes_nothing(
    trade: Company, spark_site: SparkSite, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    config = _on_spark(trade, tmp_path, "local[2]", warehouse=str(tmp_path / "file" / "lake"))
    done = spark_site.stockturn("run", "--config", str(config), "--as-of", END.isoformat())
    assert done.returncode == 2
    assert "the driver cannot write to" in done.stdout + done.stderr
    assert not (tmp_path / "data" / "releases").exists()


@pytest.mark.slow
def test_a_worker_without_memory_is_named_and_the_table_stays(
    spark_site: SparkSite, cluster: Cluster, tmp_path: Path
) -> None:
    done = spark_site.python(str(Path(spark.__file__).with_name("spark_memory.py")), cluster.master, str(tmp_path))
    assert "marts.sums: a worker of Spark ran out of memory; raise `executor_memory` (now 512m)" in done.stdout, (
        done.stderr[-3000:]
    )
    assert done.stdout.endswith("[(1180,)]\n")


def _until_built(folder: Path, run: subprocess.Popen[bytes]) -> None:
    """Until the first tables are there, and the run continues."""
    deadline = time.monotonic() + 1800
    while time.monotonic() < deadline and run.poll() is None:
        if len(list(folder.glob("*/*/_SUCCESS"))) >= 3:
            return
        time.sleep(0.5)
    raise TimeoutError("no table was built")
