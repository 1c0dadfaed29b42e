"""Large files and tables of a lake, landed by Spark's workers and by DuckDB alone: the same rows, reasons, lineage and counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import spark
from spark import SparkSite

spark_site = spark.spark_site  # a fixture


@pytest.mark.slow
def test_landing_on_spark_leaves_what_duckdb_leaves(spark_site: SparkSite, tmp_path: Path) -> None:
    done = spark_site.python(str(Path(spark.__file__).with_name("spark_landing.py")), str(tmp_path))
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(found) == 14, done.stdout[-2000:] + done.stderr[-3000:]
    by_way = {tuple(line[:3]): line[3:] for line in found}
    for (name, scope, engine), (files, left, content) in by_way.items():
        assert left == [], "a file that does not count was left behind"
        assert files >= 5, f"{name} was not read in pieces"
        assert content == by_way[name, scope, "duckdb"][2], f"{name} {scope} on {engine}"
    counts = {way: _counts(content) for way, (_, _, content) in by_way.items()}
    for way, found_counts in counts.items():
        assert (found_counts[0], found_counts[4], sum(found_counts[1:])) == (1000, 10, 1000), way
    # Partitions of a day keep the order of the rows; writers of Delta and Iceberg do not, and what comes first of a key stays.
    assert counts["text", "key", "spark"] == counts["hive", "key", "spark"] == (1000, 963, 26, 1, 10)


def _counts(content: dict[str, list[dict[str, int]]]) -> tuple[int, ...]:
    moves = [one for one in content["manifests"] if one["contract"] == "stock_movement"]
    names = ("rows_in", "rows_loaded", "rows_quarantined", "rows_duplicate", "rows_excluded")
    return tuple(sum(one[name] for one in moves) for name in names)
