"""The `spark:` section of a configuration: where Spark is, and how much of it a run may take."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator

MEMORY = r"^\d+[mg]$"
# What pyspark starts by itself, a standalone cluster, and what spark-submit's own configuration knows the rest of.
MASTER = r"^(local\[(\d+|\*)\]|local-cluster\[\d+,\d+,\d+\]|spark://[\w.-]+:\d+(,[\w.-]+:\d+)*|yarn|k8s://\S+)$"


class SparkSettings(BaseModel):
    """Used with `engine: spark`. Memory is what one JVM may take; the Python beside it needs as much again (docs/scale.md)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    master: str = Field(default="local[2]", pattern=MASTER)
    executors: PositiveInt = 2
    executor_cores: PositiveInt = 1
    executor_memory: str = Field(default="2g", pattern=MEMORY)
    driver_memory: str = Field(default="4g", pattern=MEMORY)
    """The driver plans: of 3 GB, fct_turnover's plan took 62 % to 95 % whatever the number of rows (2026-12-01, the hard world)."""
    warehouse: Path | None = None
    """Folder of the tables, at the same path on the driver and on every worker; by default `lake` in `data_dir`."""
    shuffle_partitions: PositiveInt = 8
    ledger_rows: PositiveInt = 1_000_000
    """Movements that one task of the ledger computes together: about 1 GiB of Python (2026-11, benchmarks/ledger)."""
    conf: dict[str, str] = {}
    """Further settings of Spark itself, by their own names."""

    @field_validator("conf")
    @classmethod
    def _names_of_spark(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if not name.startswith("spark."):
                raise ValueError(f"{name} is no setting of Spark; its names begin with `spark.`")
            if name in FIXED:
                raise ValueError(f"{name} is set by the product: results depend on it")
        return value


FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # A product of decimals keeps its scale, or fails: by default Spark cuts the scale of decimal(28, 6) x decimal(28, 8) to 6.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.caseSensitive": "false",
}
"""What the equality of both engines rests on."""
