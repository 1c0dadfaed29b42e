"""A release for people who open files: CSV that Excel reads as it is.

CSV has a BOM (Excel takes UTF-8 for the local code page without it). The truth stays in the Parquet
files: Excel shows at most 1,048,576 rows and turns codes like 00123 into numbers when a file is opened by double click;
docs/bi.md says how to load them as text.
"""

from __future__ import annotations

import codecs
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb

from assets.publish.content import quoted, sort_columns
from assets.publish.releases import Release

FOLDER = "csv"


def write_csv(release: Release, marts: Sequence[str] | None = None) -> list[Path]:
    """Write marts of a release into its folder `csv` (all of them, or those named); returns the files.

    The folder appears whole: it is written beside and renamed.
    """
    final, partial = release.path / FOLDER, release.path / f".{FOLDER}.{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    with duckdb.connect(str(release.database), read_only=True) as connection:
        for mart in release.manifest["marts"]:
            if marts is None or mart["name"] in marts:
                relation = f"{quoted(mart['schema'])}.{quoted(mart['name'])}"
                _write_one(connection, relation, partial / f"{mart['name']}.csv")
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)
    return sorted(final.glob("*.csv"))


def _write_one(connection: duckdb.DuckDBPyConnection, relation: str, target: Path) -> None:
    order = sort_columns(connection, relation)
    plain = target.with_suffix(".plain")
    connection.execute(
        f"copy (select * from {relation} order by {order}) to '{str(plain).replace(chr(39), chr(39) * 2)}' (format csv)"
    )
    with plain.open("rb") as lines, target.open("wb") as out:
        out.write(codecs.BOM_UTF8)
        while chunk := lines.read(1 << 20):
            out.write(chunk)
    plain.unlink()
