"""The published model: declared whole, keys that lead to a dimension, and a file whose queries run as they are written."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from assets.publish.dictionary import build_dictionary
from assets.publish.public import public_model, references
from assets.publish.releases import INTERNAL, Release, build_release
from orchestration.dbt_runner import SHIPPED

MOST = 26  # "about 20 marts": what a person can learn in a day; more need a reason


@pytest.fixture
def release(tmp_path: Path) -> Release:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            """create table marts.dim_item_warehouses as select 'I' as item_id, 'W' as warehouse_id, 'anna' as owner_name;
               create table marts.dim_item_classes as select 'I' as item_id, 'W' as warehouse_id, 'AX' as abc_xyz_cell;
               create table marts.dim_owners as select 'anna' as owner_name;
               create table marts.fct_stock_balances as select 'I' as item_id, 'W' as warehouse_id, 5 as on_hand_units
                   union all select 'J', 'W', 1;
               create table marts.fct_of_our_own as select 1 as n"""
        )
        return build_release(connection, tmp_path, "r1", {"as_of_date": "2026-06-30"})


def test_every_mart_of_the_product_is_declared_public_or_internal() -> None:
    marts = {mart["name"] for mart in build_dictionary(json.loads(SHIPPED.prepared().read_text(encoding="utf-8")))}
    model = public_model()
    assert model.marts.keys() | model.internal == marts and not model.marts.keys() & model.internal
    assert len(model.marts) <= MOST


def test_every_key_leads_to_a_dimension_and_every_column_is_described() -> None:
    dictionary = {
        mart["name"]: mart for mart in build_dictionary(json.loads(SHIPPED.prepared().read_text(encoding="utf-8")))
    }
    columns = {name: {column["name"] for column in mart["columns"]} for name, mart in dictionary.items()}
    for name, declared in public_model().marts.items():
        mart = dictionary[name]
        assert set(declared.dates) <= columns[name], name
        for reference in mart["references"].values():
            dimension, column = reference.split(".")
            assert column in columns[dimension] and dictionary[dimension]["is_public"], (name, reference)
        if (
            name.startswith(("fct_", "rec_")) and name != "fct_class_cells"
        ):  # the nine cells are the dimension of classes
            assert mart["references"], f"{name}: a fact without a dimension"
        if {"item_id", "warehouse_id"} <= columns[name] and not name.startswith("dim_"):
            named = columns[name] | {column["name"] for column in mart["added_columns"]}
            assert {"owner_name", "abc_xyz_cell"} <= named, name


def test_queries_on_the_file_run_as_they_are_written(release: Release, tmp_path: Path) -> None:
    query = """select o.owner_name, b.abc_xyz_cell, sum(b.on_hand_units) from fct_stock_balances b
               left join dim_owners o using (owner_name) group by all order by 1 nulls last"""
    with duckdb.connect(str(release.database), read_only=True) as connection:
        assert connection.execute(query).fetchall() == [("anna", "AX", 5), (None, None, 1)]
        with pytest.raises(duckdb.CatalogException):
            connection.execute("from dim_item_classes")  # internal
    with duckdb.connect() as connection:  # and where the file is attached to another one
        connection.execute(f"attach '{release.database}' as published (read_only)")
        assert connection.execute("select count(*) from published.fct_stock_balances").fetchone() == (2,)


def test_the_manifest_and_the_files_say_the_same(release: Release) -> None:
    public = {mart["name"]: mart for mart in release.public_marts()}
    assert set(public) == {"dim_item_warehouses", "dim_owners", "fct_of_our_own", "fct_stock_balances"}
    assert public["fct_stock_balances"]["rows"] == 2
    assert public["fct_stock_balances"]["references"]["owner_name"] == "dim_owners.owner_name"
    assert release.manifest["public"]["contract_version"] == public_model().contract_version
    assert {path.stem for path in release.path.glob("*.parquet")} == set(public)
    assert {path.stem for path in (release.path / INTERNAL).glob("*.parquet")} == {"dim_item_classes"}
    names = duckdb.sql(f"describe from '{release.path / 'fct_stock_balances.parquet'}'").fetchall()
    assert [row[0] for row in names] == [column["name"] for column in public["fct_stock_balances"]["columns"]]


def test_a_dimension_that_the_release_does_not_have_is_no_reference() -> None:
    assert references("fct_x", ["item_id", "kpi"], ["dim_kpis"]) == {"kpi": "dim_kpis.kpi"}
