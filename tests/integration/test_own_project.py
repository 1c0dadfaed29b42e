"""A company's own project, from the wheel: the files of docs/extending.md are written into it, run and published.

The package is a second local one, the hook, the snapshot, the incremental model and the test that warns are the tutorial's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from semantic_layer import ask, release_for, semantic_engine
from wheel import ROOT, Installed, installed

from assets.explain.cell import explain_row
from assets.publish.bi.export import model_of
from assets.publish.releases import Release, current_release
from assets.publish.review.figures import read_review
from assets.publish.review.tables import all_tables
from dashboard.filters import Filter
from dashboard.queries import overview
from dashboard.release_reader import ReleaseReader
from dashboard.texts import Words
from orchestration.dbt_runner import DbtProject

__all__ = ["installed"]
pytestmark = pytest.mark.slow
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+) (\S+)( \+ \w+)?\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
HELPERS = {
    "dbt_project.yml": "name: helpers\nversion: '1.0'\nprofile: stockturn\n",
    "macros/tests.sql": "{% test not_negative(model, column_name) %}"
    "select {{ column_name }} from {{ model }} where {{ column_name }} < 0{% endtest %}\n",
}


def write_tutorial(folder: Path) -> None:
    """The blocks of the page as the files that they name; `+ sources` goes below the key."""
    for _, name, below, text in BLOCKS:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if below:
            whole = path.read_text(encoding="utf-8")
            path.write_text(whole.replace("\nsources:\n", f"\nsources:\n{text}"), encoding="utf-8")
        else:
            path.write_text(text, encoding="utf-8")
    for name, text in HELPERS.items():
        path = folder / "helpers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    packages = folder / "dbt" / "packages.yml"
    packages.write_text(packages.read_text(encoding="utf-8") + "  - local: ../helpers\n", encoding="utf-8")
    columns = folder / "dbt" / "models" / "marts" / "fct_category_stock.yml"
    text = columns.read_text(encoding="utf-8")
    columns.write_text(
        text.replace(
            'description: "Units on hand.", ', 'description: "Units on hand.", data_tests: [helpers.not_negative], '
        )
    )


@pytest.fixture(scope="module")
def project(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after one run."""
    folder = tmp_path_factory.mktemp("own") / "mycompany"
    made = installed.run("init", str(folder), "--name", "My company", "--code", "MINE", folder=folder.parent)
    assert made.returncode == 0, made.stderr
    write_tutorial(folder)
    # what `pip install -e .` leaves: where the package is, and its entry points
    point = re.search(r'^\[project\.entry-points\."(.*)"\]\n(\w+) = "(.*)"$', PAGE, flags=re.MULTILINE)
    assert point is not None
    known = installed.site / "mycompany_stockturn-1.0.dist-info"
    known.mkdir()
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: mycompany-stockturn\nVersion: 1.0\n")
    (known / "entry_points.txt").write_text(f"[{point[1]}]\n{point[2]} = {point[3]}\n")
    (installed.site / "mycompany_stockturn.py").write_bytes((folder / "mycompany_stockturn.py").read_bytes())
    run = installed.run("run", folder=folder)
    assert run.returncode == 1, f"released, with the check that warns:\n{run.stdout[-3000:]}\n{run.stderr[-3000:]}"
    assert "every_category_has_a_name" in run.stdout
    return folder


@pytest.fixture(scope="module")
def release(project: Path) -> Release:
    found = current_release(project / "var" / "releases")
    assert found is not None
    return found


def test_own_marts_are_published_beside_ours(release: Release) -> None:
    names = {mart["name"] for mart in release.manifest["marts"]}
    assert {"fct_warehouse_stock", "fct_category_stock", "fct_stock_by_run_day"} <= names
    assert {"fct_inventory_health", "fct_kpi_summary", "rec_book_count"} <= names
    with duckdb.connect(str(release.database), read_only=True) as connection:
        rows = connection.execute(
            "select category_name, inventory_value from marts.fct_category_stock order by 1"
        ).fetchall()
        assert [name for name, _ in rows] == ["Packing", "Tea", "Ware"] and all(value > 0 for _, value in rows)
        counted = connection.execute("select count(*) from reconciliation.rec_book_count").fetchone()
        assert counted == (2,), "the source that was added"
        policies = connection.execute(
            """select distinct r.policy from marts.fct_replenishment as r join marts.dim_items as i using (item_id)
               where i.category_name = 'Packing'"""
        ).fetchall()
        assert policies == [("order_on_demand",)], "the entry point decided"


def test_own_marts_are_in_the_dictionary(release: Release) -> None:
    words = {
        mart["name"]: mart
        for mart in json.loads((release.path / "dictionary.json").read_text(encoding="utf-8"))["marts"]
    }
    own = words["fct_category_stock"]
    assert (own["label_zh"], own["grain"]) == ("品类库存", ["category_name"])
    column = {one["name"]: one for one in own["columns"]}["inventory_value"]
    assert column["unit"] == "currency" and column["label_zh"] == "库存金额" and column["type"] == "DECIMAL(24,4)"
    assert any(
        "not_negative" in test for test in {one["name"]: one for one in own["columns"]}["on_hand_units"]["tests"]
    )


def test_an_own_kpi_is_everywhere_where_ours_are(project: Path, release: Release) -> None:
    with duckdb.connect(str(release.database), read_only=True) as connection:
        [(expected,)] = connection.execute(
            """select sum(inventory_value) filter (category_name = 'Tea') / sum(inventory_value)
               from marts.fct_inventory_health where is_stocked and value_status = 'ok'"""
        ).fetchall()
        rows = {
            (scope, value): (figure, target, state)
            for scope, value, figure, target, state in connection.execute(
                """select scope, scope_value, kpi_value, target_rate, attainment_state
                   from marts.fct_kpi_summary where kpi = 'tea_share'"""
            ).fetchall()
        }
        [meaning] = connection.execute(
            "select label_zh, kind, direction from marts.dim_kpis where kpi = 'tea_share'"
        ).fetchall()
    share, target, state = rows["company", ""]
    assert share == pytest.approx(expected) and 0 < share < 1 and target == 0.3
    assert state == ("target_met" if share <= 0.3 else "within_limits" if share <= 0.9 else "missed")
    assert rows["category", "Tea"][0] == 1 and rows["category", "Ware"][0] == 0
    assert meaning == ("茶叶占比", "rate", "lower")

    words = json.loads((release.path / "dictionary.json").read_text(encoding="utf-8"))["marts"]
    [column] = [
        one for mart in words if mart["name"] == "fct_kpi_summary" for one in mart["columns"] if one["name"] == "kpi"
    ]
    assert column["values"]["tea_share"] == {"en": "Share of tea", "zh": "茶叶占比"}
    with closing(ReleaseReader(release)) as reader:
        assert "tea_share" in reader.kpis.tiles()
        shown = {kpi.name: kpi for kpi in overview.kpis(reader, Filter(), None)}["tea_share"]
        summed = overview.summed(reader, Filter())["tea_share"]
    assert (shown.value, shown.target, shown.state) == (share, 0.3, state) and summed.value == pytest.approx(share)
    assert Words("zh", release.kpis())("kpi_tea_share") == "茶叶占比"
    pack = all_tables(read_review(release, None, ()), "zh")
    assert "茶叶占比" in {row[0] for row in {table.key: table for table in pack}["targets"].rows}
    assert "kpi_tea_share" in {measure.name for measure in model_of(release, "zh").measures}
    for column_name in ("kpi_value", "target_rate", "attainment_rate"):
        [told] = explain_row(release, "fct_kpi_summary", (column_name,), {"kpi": "tea_share", "scope": "company"})
        assert told.is_recomputed and told.recomputed == told.value, column_name


def test_an_own_kpi_is_a_metric(project: Path, release: Release) -> None:
    own = DbtProject(project / "dbt")
    engine = semantic_engine(own)
    with release_for(engine, release) as connection:
        by_category = ask(engine, connection, ["tea_share"], ["item_warehouse__category_name"])
    assert {row["item_warehouse__category_name"]: float(row["tea_share"]) for row in by_category}["Tea"] == 1


def test_snapshot_incremental_and_hook_ran(project: Path) -> None:
    with duckdb.connect(str(project / "var" / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "select count(*) from snapshots.item_prices where dbt_valid_to is null"
        ).fetchone() == (6,)
        assert connection.execute("select count(*) from marts.fct_stock_by_run_day").fetchone() == (1,)
        assert connection.execute("select count(*) from main.builds").fetchone() == (1,)


def test_nothing_of_the_sources_was_used(installed: Installed, tmp_path: Path) -> None:
    """Otherwise the runs above would say nothing of the wheel."""
    shown = installed.run("dbt-project", folder=tmp_path)
    assert shown.stdout.strip() == str(installed.site / "dbt_project")


def test_the_wheel_installs_into_a_fresh_environment(installed: Installed, tmp_path: Path) -> None:
    """With its own dependencies as an installer finds them, without extras: the command starts and a project is valid."""
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "uv", "venv", "--quiet", str(tmp_path / "venv")], check=True, timeout=120)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "--quiet",
            "--python",
            str(python),
            "--constraint",
            str(ROOT / "constraints.txt"),
            str(installed.wheel),
        ],
        check=True,
        timeout=900,
    )
    stockturn = tmp_path / "venv" / "bin" / "stockturn"
    for arguments, folder in ((["init", "shop"], tmp_path), (["validate"], tmp_path / "shop")):
        done = subprocess.run(
            [str(stockturn), *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
