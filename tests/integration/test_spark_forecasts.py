"""Forecasts by Spark's workers: the same numbers as by threads, to the last bit, and a fault of a series is a fault of that series."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import spark
from spark import SparkSite

spark_site = spark.spark_site  # a fixture


@pytest.mark.slow
def test_forecasts_by_workers_are_those_of_one_process(spark_site: SparkSite, tmp_path: Path) -> None:
    done = spark_site.python(str(Path(spark.__file__).with_name("spark_forecasts.py")), str(tmp_path))
    found = {name: rest for name, *rest in (json.loads(line) for line in done.stdout.splitlines() if line[:1] == "[")}
    assert set(found) == {"forecasts", "accuracy", "effects", "sums", "means", "pieces"}, done.stderr[-3000:]
    assert found.pop("pieces") == [6, True], "three pieces at the origins and three at the present; nothing left behind"
    assert all(rows > 0 for rows, _ in found.values())
    assert [name for name, (_, is_equal) in found.items() if not is_equal] == []
