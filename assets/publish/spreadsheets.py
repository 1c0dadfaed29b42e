"""Tables for people who open them in a spreadsheet: CSV that Excel and LibreOffice read as it is.

CSV has a BOM (Excel takes UTF-8 for the local code page without it), shares are per cent, and no text starts a formula:
an item name from an extract must not run a command on the computer of the person who opens the file. The truth stays in
the Parquet files: Excel shows at most 1,048,576 rows and turns codes like 00123 into numbers when a file is opened by
double click; docs/bi.md says how to load them as text.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from assets.publish.content import quoted, sort_columns
from assets.publish.releases import Release

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "csv"
SHARE_UNIT = "share"  # the dictionary's unit of a column that is a part of a whole
_FORMULA = (
    r"^[=+\-@\t\r\n＝＋－＠]."  # the full-width signs too: Excel takes them for the plain ones. OWASP, CSV injection
)
_IS_FORMULA = re.compile(_FORMULA, re.DOTALL)


def plain_text(value: Any) -> Any:
    """A value that no spreadsheet runs: a text that would start a formula gets a leading apostrophe; others as they are."""
    return f"'{value}" if isinstance(value, str) and _IS_FORMULA.match(value) else value


def plain_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose texts are no formulas (`plain_text`)."""
    texts = [name for name in frame.columns if frame[name].dtype == object]
    return frame.assign(**{name: [plain_text(value) for value in frame[name]] for name in texts})


def percent_text(share: float | None) -> str:
    """A share as a spreadsheet reads it back in full: 0.125 -> `12.5%`; nothing where it is unknown."""
    return "" if share is None or share != share else f"{share * 100:.15g}%"


def write_csv(release: Release, marts: Sequence[str] | None = None) -> list[Path]:
    """Write public marts of a release into its folder `csv` (all of them, or those named); returns the files.

    The folder appears whole: it is written beside and renamed.
    """
    final, partial = release.path / FOLDER, release.path / f".{FOLDER}.{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    shares = _shares(release)
    with duckdb.connect(str(release.database), read_only=True) as connection:
        for mart in release.public_marts():
            if marts is None or mart["name"] in marts:
                relation = f"{quoted(mart['schema'])}.{quoted(mart['name'])}"
                _write_one(connection, relation, partial / f"{mart['name']}.csv", shares.get(mart["name"], ()))
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)
    return sorted(final.glob("*.csv"))


def _shares(release: Release) -> dict[str, set[str]]:
    """The columns of each mart that are shares, by the release's dictionary."""
    path = release.path / "dictionary.json"
    marts = json.loads(path.read_text(encoding="utf-8"))["marts"] if path.is_file() else []
    return {
        mart["name"]: {column["name"] for column in mart["columns"] if column["unit"] == SHARE_UNIT} for mart in marts
    }


def _write_one(connection: duckdb.DuckDBPyConnection, relation: str, target: Path, shares: Collection[str]) -> None:
    order = sort_columns(connection, relation)
    described = connection.execute(f"describe {relation}").fetchall()
    columns = ", ".join(_cell(str(row[0]), str(row[1]), str(row[0]) in shares) for row in described)
    plain = target.with_suffix(".plain")
    rows = f"(select * from {relation} order by {order})"
    connection.execute(
        f"copy (select {columns} from {rows}) to '{str(plain).replace(chr(39), chr(39) * 2)}' (format csv)"
    )
    with plain.open("rb") as lines, target.open("wb") as out:
        out.write(codecs.BOM_UTF8)
        while chunk := lines.read(1 << 20):
            out.write(chunk)
    plain.unlink()


def _cell(column: str, kind: str, is_share: bool) -> str:
    """A column as SQL that gives what `plain_text` and `percent_text` give."""
    name = quoted(column)
    if is_share:
        return f"case when {name} is not null then format('{{:.15g}}%', cast({name} as double) * 100) end as {name}"
    if kind == "VARCHAR":
        return f"case when regexp_matches({name}, '(?s){_FORMULA}') then chr(39) || {name} else {name} end as {name}"
    return name
