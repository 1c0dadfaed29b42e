"""A column that a source gains reaches the page of an item by five files: really added to a copy of the product, and run.

It prevents that the way grows: a place that repeats what the contract says would have to be changed too, or the column is lost.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from assets.publish.releases import current_release
from dashboard.queries import item
from dashboard.release_reader import ReleaseReader

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("assets", "dashboard", "dbt_project", "demo", "expectations", "orchestration")
GENERATED = "product/dbt_project/models/staging/_contracts.yml"
CHANGES = {  # file -> (what is in it, what is there now)
    "product/assets/ingest/contracts/item.yml": (
        "  barcode: {type",
        "  brand: {type: text, nullable: true, label_zh: 品牌, meaning: Brand of the item., meaning_zh: 存货的品牌。}\n"
        "  barcode: {type",
    ),
    "mine/mappings/erp.yml": (
        "{item_code: item, item_name: name, ",
        "{item_code: item, item_name: name, brand: brand, ",
    ),
    "product/dbt_project/models/marts/dim_items.sql": (
        "        stocked.first_movement_date,\n",
        "        coalesce(items.brand, base_items.brand) as brand,\n        stocked.first_movement_date,\n",
    ),
    "product/dbt_project/models/marts/dim_items.yml": (
        "      - name: first_movement_date\n",
        "      - name: brand\n        data_type: varchar\n      - name: first_movement_date\n",
    ),
}


def contents(folder: Path) -> dict[str, bytes]:
    """What is in the files that somebody writes, by their path: not what a run makes or a source delivers."""
    made = ("/var/", "/inbox/", "/target/", "/__pycache__/", "/logs/")
    files = [path for path in folder.rglob("*") if path.is_file() and not any(one in str(path) for one in made)]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def python(folder: Path, *arguments: str, at: str = "mine") -> None:
    """Run the copy of the product, not the one that is installed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder / at,
        env={**os.environ, "PYTHONPATH": str(folder / "product"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}\n{done.stderr[-3000:]}"


def stockturn(folder: Path, *arguments: str, at: str = "mine") -> None:
    python(folder, "-c", "from orchestration.cli import app; app()", *arguments, at=at)


def deliver_brands(inbox: Path) -> int:
    """The source's item files with a column that they did not have."""
    files = sorted(inbox.rglob("items_*.csv"))
    for path in files:
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, [*rows[0], "brand"])
            writer.writeheader()
            writer.writerows({**row, "brand": f"Brand of {row['item']}"} for row in rows)
    return len(files)


def test_a_column_from_source_to_page_is_five_files(tmp_path: Path) -> None:
    for package in PACKAGES:
        kept = shutil.ignore_patterns("__pycache__", "target", "logs")
        shutil.copytree(ROOT / package, tmp_path / "product" / package, ignore=kept)
    stockturn(tmp_path, "init", "mine", "--name", "My company", "--code", "MINE", at=".")
    before = contents(tmp_path)
    assert deliver_brands(tmp_path / "mine" / "inbox")

    for name, (old, new) in CHANGES.items():
        path = tmp_path / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, name
        path.write_text(text.replace(old, new), encoding="utf-8")
    python(tmp_path, "-m", "assets.ingest.dbt_staging", at="product")
    stockturn(tmp_path, "run")

    after = contents(tmp_path)
    changed = {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)}
    assert changed == {*CHANGES, GENERATED} and len(changed) <= 5
    found = current_release(tmp_path / "mine" / "var" / "releases")
    assert found is not None
    with closing(ReleaseReader(found)) as reader:
        records = reader.frame("select item_id, item_code from dim_items where has_master_record")
        assert len(records) > 1
        for item_id, code in records.itertuples(index=False):
            assert item.record(reader, item_id)["brand"] == f"Brand of {code}"
        told = reader.words(item.RECORD)["brand"]
        assert (told["label_zh"], told["description"]) == ("品牌", "Brand of the item.")
        assert (told["description_zh"], told["unit"]) == ("存货的品牌。", "text")
