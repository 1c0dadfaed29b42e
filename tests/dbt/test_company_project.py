"""A company's own dbt project, with ours as a package: whatever dbt can do works in a run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pytest
import yaml
from warehouse_builder import DBT_PROJECT

from assets.publish.dictionary import build_dictionary
from orchestration.dbt import HALVES
from orchestration.dbt_runner import DbtProject, NodeResult, Warehouse, build

FILES: Mapping[str, str] = {
    "helpers/dbt_project.yml": "name: helpers\nversion: '1.0'\nprofile: stockturn\n",
    "helpers/macros/tests.sql": "{% test below(model, column_name, top) %}"
    "select {{ column_name }} from {{ model }} where {{ column_name }} >= {{ top }}{% endtest %}",
    "macros/schema.sql": "{% macro generate_schema_name(custom_schema_name, node) -%}"
    "{{ stockturn.generate_schema_name(custom_schema_name, node) }}{%- endmacro %}",
    "models/own/fct_own_runs.sql": "{{ config(materialized='incremental', unique_key='as_of_date') }}"
    " select as_of_date, 1 as runs from {{ ref('dim_run_parameters') }}"
    " {% if is_incremental() %} union all select date '2020-01-01', 2 {% endif %}",
    "models/own/fct_own_count.py": "def model(dbt, session):\n    dbt.config(materialized='table')\n"
    "    days = dbt.ref('dim_run_parameters').df()\n    return days[['as_of_date']].assign(rows=len(days))\n",
    "models/own/fct_own_region.sql": "{{ config(post_hook='update {{ this }} set hooked = true') }}"
    " select '{{ env_var(\"OWN_REGION\", \"north\") }}' as region, false as hooked, count(*) as items from {{ ref('dim_items') }}",
    "models/own/fct_own_tables.sql": "{% if execute %}{% set n = run_query('select count(*) from duckdb_tables()').columns[0][0] %}"
    "{% endif %} select {{ n | default(0) }} as tables",
    "models/own/own.yml": """
models:
  - name: fct_own_region
    description: What the environment says.
    columns:
      - name: region
        description: Region.
      - name: items
        description: Items.
        data_tests:
          - helpers.below: {arguments: {top: 0}, config: {severity: warn}}
""",
    "selectors.yml": "selectors:\n  - name: own\n    definition: {method: package, value: own}\n",
    "snapshots/own.yml": """
snapshots:
  - name: own_parameters_history
    relation: ref('dim_run_parameters')
    config: {schema: marts, unique_key: currency, strategy: check, check_cols: all}
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtProject]:
    folder = tmp_path_factory.mktemp("own")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    settings = {
        "name": "own",
        "version": "1.0",
        "profile": "stockturn",
        "on-run-end": ["create or replace table control.own_hook as select 1 as ran"],
        "models": {"own": {"+schema": "marts", "+materialized": "table"}},
    }
    packages = {"packages": [{"local": str(DBT_PROJECT)}, {"local": str(folder / "helpers")}]}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    (folder / "packages.yml").write_text(yaml.safe_dump(packages), encoding="utf-8")
    yield DbtProject(folder)


def test_everything_that_dbt_can_do_is_done(project: DbtProject, empty: Path, tmp_path: Path) -> None:
    """One parse for all (it costs the parse of our project too): hooks, incremental, snapshot, Python, packages, warnings."""
    path = Path(shutil.copy(empty, tmp_path / "warehouse.duckdb"))

    def own() -> dict[str, NodeResult]:
        results = build(Warehouse(path), ["package:own"], project=project, target=tmp_path / "target")
        return {one.name: one for one in results}

    first = own()
    assert [one.message for one in first.values() if one.is_broken] == []
    assert {one.kind for one in first.values()} == {"model", "snapshot", "test", "operation"}
    [warned] = [one for one in first.values() if one.kind == "test"]
    assert warned.status == "warn" and warned.failures == 1 and "items 0" in warned.message
    own()
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("select runs from marts.fct_own_runs order by all").fetchall() == [(1,), (2,)]
        assert connection.execute('select "rows" from marts.fct_own_count').fetchall() == [(1,)]
        assert connection.execute("select region, hooked from marts.fct_own_region").fetchall() == [("north", True)]
        assert connection.execute("select ran from control.own_hook").fetchall() == [(1,)]
        assert connection.execute("select count(*) from marts.own_parameters_history").fetchone() == (1,)
        [(tables,)] = connection.execute("select tables from marts.fct_own_tables").fetchall()
    assert tables > 50


def test_own_nodes_are_in_the_second_half_and_in_the_dictionary(project: DbtProject) -> None:
    manifest = json.loads(project.prepared().read_text(encoding="utf-8"))
    words = {mart["name"]: mart for mart in build_dictionary(manifest)}
    assert {"fct_own_region", "fct_own_count", "own_parameters_history", "fct_inventory_health"} <= set(words)
    [column] = [one for one in words["fct_own_region"]["columns"] if one["name"] == "items"]
    assert column["formula"] == "COUNT(*)"
    assert HALVES["dbt_marts"][0] == ("fqn:*",)  # not a list of our folders


def test_a_changed_environment_is_not_overlooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a project without ours as a package, whose parse would cost ten seconds more."""
    alone = DbtProject(tmp_path / "alone")
    (alone.folder / "models").mkdir(parents=True)
    settings = {"name": "alone", "version": "1.0", "profile": "stockturn"}
    (alone.folder / "dbt_project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    model = 'select \'{{ env_var("OWN_REGION", "north") }}\' as region'
    (alone.folder / "models" / "region.sql").write_text(model, encoding="utf-8")

    def region() -> str:
        return str(
            json.loads(alone.prepared().read_text(encoding="utf-8"))["nodes"]["model.alone.region"]["compiled_code"]
        )

    assert region() == "select 'north' as region"
    parsed = alone.manifest.stat().st_mtime_ns
    assert region() == "select 'north' as region" and alone.manifest.stat().st_mtime_ns == parsed
    monkeypatch.setenv("OWN_REGION", "south")
    assert region() == "select 'south' as region"
