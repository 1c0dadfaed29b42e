"""dbt's unit tests of the models, the models built by Spark."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import spark
from spark import SparkSite

spark_site = spark.spark_site  # fixture


@pytest.mark.slow
def test_every_unit_test_of_the_models_passes_on_spark(empty: Path, spark_site: SparkSite, tmp_path: Path) -> None:
    warehouse = Path(shutil.copy(empty, tmp_path / "warehouse.duckdb"))
    script = Path(spark.__file__).with_name("spark_unit_tests.py")
    done = spark_site.python(str(script), str(warehouse), str(tmp_path / "company"))
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert lines, done.stdout[-2000:] + done.stderr[-3000:]
    *tests, (_, models) = lines
    assert [f"{name}: {message}" for name, status, message in tests if status != "pass"] == []
    assert len(tests) == models > 30
