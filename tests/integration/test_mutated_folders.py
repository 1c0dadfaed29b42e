"""Public folders with columns in another order, rows that come twice, and files that end early: what lands is the same, or the run says so.

Third-party data: skipped where it is absent. What lands is compared as a whole: every row of every contract that a folder feeds.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from companies import SHARED

from assets.ingest.batches.register import register_landing
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

DATA = SHARED / "data"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not on this machine"),
]
DAY = dt.date(2026, 1, 1)
WHERE_FROM = ("batch_id", "source_file", "source_row", "extract_date", "content_hash", "ext", "row_hash")


@dataclass(frozen=True)
class Folder:
    """A public folder, the mapping that reads it, and how its text files are delimited."""

    mapping: str
    path: str
    delimiter: str = ","
    has_header: bool = True
    more: dict[str, Any] = field(default_factory=dict)


FOLDERS = (
    Folder("inventree", "inventree"),
    Folder("scms_delivery", "scms_delivery"),
    Folder("adventureworks", "adventureworks_purchasing", "\t", has_header=False),
    Folder("usaid_lmis", "usaid_contraceptive"),
    Folder(
        "sap_globalbike", "sap_globalbike/sap_erpsim", more={"company_code": "US00", "parameters": {"bukrs": "US00"}}
    ),
)


@dataclass
class Landed:
    """Rows by contract, without where they came from, and everything that was said about the files."""

    rows: dict[str, list[tuple[Any, ...]]]
    refused: list[str]
    kept_back: int
    duplicates: int


def land(folder: Folder, files: Path, workspace: Path) -> Landed:
    source = SourceSettings.model_validate(
        {
            "name": "x",
            "kind": "file",
            "mapping": folder.mapping,
            "path": files,
            "instance": "R1",
            "timezone": "UTC",
            **folder.more,
        }
    )
    reports = ingest_all(workspace, [source], DAY)
    assert all(report.is_closed for report in reports.values())
    connection = duckdb.connect()
    register_landing(connection, workspace, DAY)
    rows = {}
    for contract, report in reports.items():
        if not report.rows_in:
            continue
        described = connection.execute(f"DESCRIBE SELECT * FROM landing.{contract}").fetchall()
        columns = ", ".join(f'"{name}"' for name, *_ in described if name not in WHERE_FROM)
        rows[contract] = connection.execute(f"SELECT {columns} FROM landing.{contract} ORDER BY ALL").fetchall()
    batches = [batch for report in reports.values() for batch in report.batches]
    return Landed(
        rows,
        [text for report in reports.values() for text in report.refusals],
        sum(report.rows_quarantined for report in reports.values()),
        sum(batch.rows_duplicate for batch in batches),
    )


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")


def shuffled(folder: Folder, path: Path) -> bytes:
    """The columns (fields of an object) in another order."""
    order = random.Random(path.name)
    if path.suffix == ".json":
        turned = json.loads(text_of(path))
        for one in turned:
            one["fields"] = dict(order.sample(list(one["fields"].items()), len(one["fields"])))
        return json.dumps(turned).encode()
    rows = list(csv.reader(io.StringIO(text_of(path)), delimiter=folder.delimiter))
    places = list(range(len(rows[0])))
    order.shuffle(places)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=folder.delimiter, lineterminator="\n")
    writer.writerows([row[place] if place < len(row) else "" for place in places] for row in rows)
    return out.getvalue().encode()


def doubled(folder: Folder, path: Path) -> bytes:
    """Every row twice."""
    if path.suffix == ".json":
        return json.dumps(json.loads(text_of(path)) * 2).encode()
    text = text_of(path).rstrip("\r\n") + "\n"
    head = text.index("\n") + 1 if folder.has_header else 0
    return (text + text[head:]).encode()


def cut(_: Folder, path: Path) -> bytes:
    """The first 60 %, wherever that ends."""
    data = path.read_bytes()
    return data[: len(data) * 6 // 10]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.mapping)
def test_a_folder_that_was_changed_lands_the_same_or_says_so(tmp_path: Path, folder: Folder) -> None:
    whole = land(folder, DATA / folder.path, tmp_path / "whole")
    assert whole.refused == [] and sum(map(len, whole.rows.values())) > 100
    for change in (shuffled, doubled, cut):
        files = tmp_path / change.__name__
        shutil.copytree(DATA / folder.path, files)
        for path in files.rglob("*"):
            if path.is_file():
                path.chmod(0o644)
                path.write_bytes(change(folder, path))
        files.chmod(0o755)
        found = land(folder, files, tmp_path / f"{change.__name__}_workspace")
        is_said = bool(found.refused) or found.kept_back > whole.kept_back or found.duplicates > whole.duplicates
        lost = {
            name: (len(rows), len(found.rows.get(name, [])))
            for name, rows in whole.rows.items()
            if rows != found.rows.get(name)
        }
        assert is_said or not lost, (change.__name__, lost)
        if change is doubled:  # a joined table with two rows for a key is refused
            assert found.refused or found.duplicates > whole.duplicates or found.kept_back > whole.kept_back
        if change is cut:
            assert found.refused or found.kept_back > whole.kept_back
