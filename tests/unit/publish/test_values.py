"""Names of codes and Chinese descriptions: nothing public is without, nothing is about what is not, contracts agree."""

from __future__ import annotations

import json
from typing import Any, get_args

import duckdb
import pytest

from assets.documents import shipped_document
from assets.ingest.contracts import load_contracts
from assets.planning.disposal.settings import WayName
from assets.planning.policy.settings import PolicyName, ServiceMeasure
from assets.planning.policy.status import STATUSES
from assets.publish.dictionary import build_dictionary
from assets.publish.kpis.catalogue import SCOPES, Direction, Kind, kpi_catalogue
from assets.publish.postgres_ddl import chinese, create_view, table_texts
from assets.publish.release_rules import release_violations
from assets.publish.values import DESCRIPTIONS_ZH, VALUES, column_values, status_names, value_list
from orchestration.dbt_runner import SHIPPED


@pytest.fixture(scope="module")
def public() -> list[dict[str, Any]]:
    manifest = json.loads(SHIPPED.prepared().read_text(encoding="utf-8"))
    return [mart for mart in build_dictionary(manifest) if mart["is_public"]]


def test_every_public_mart_and_column_is_described_in_chinese_and_nothing_else(public: list[dict[str, Any]]) -> None:
    written = shipped_document(DESCRIPTIONS_ZH)
    columns = {(mart["name"], column["name"]) for mart in public for column in mart["columns"]}
    known = {key for mart, name in columns for key in (f"{mart}.{name}", name)}
    assert [
        f"{mart}.{name}" for mart, name in sorted(columns) if not {f"{mart}.{name}", name} & set(written["columns"])
    ] == []
    assert set(written["columns"]) - known == set(), "Chinese descriptions of columns that are not public"
    assert set(written["marts"]) == {mart["name"] for mart in public}


def test_every_list_is_of_a_public_column(public: list[dict[str, Any]]) -> None:
    declared = shipped_document(VALUES)
    used = {name for names in declared["columns"].values() for name in names}
    assert used == {*declared["lists"], "rules", "kpis"}
    columns = {
        key
        for mart in public
        for column in mart["columns"]
        for key in (column["name"], f"{mart['name']}.{column['name']}")
    }
    assert set(declared["columns"]) - columns == set()


def test_lists_are_what_the_code_can_say() -> None:
    """A code that the planner or a contract got and the list has not would fail a company's release."""
    contracts = load_contracts()
    for contract, column, name in (
        ("stock_movement", "stock_status", "stock_status"),
        ("stock_movement", "owner_type", "owner_type"), ("warehouse", "warehouse_type", "warehouse_type"),
        ("warehouse", "ownership", "ownership"), ("item", "item_type", "item_type"), ("supply_source", "source_kind", "source_kind"),
    ):  # fmt: skip
        assert list(contracts[contract].columns[column].values) == list(value_list(name)), (contract, column)
    # corrections of a receipt's value are shown among the movements of the ledger
    movement_types = [*contracts["stock_movement"].columns["movement_type"].values, "value_correction"]
    assert list(value_list("movement_type")) == movement_types
    assert set(value_list("policy")) == set(get_args(PolicyName))
    assert set(value_list("service_measure")) == set(get_args(ServiceMeasure))
    assert set(value_list("planning_status")) == set(STATUSES)
    assert set(value_list("way")) == {*get_args(WayName), "cancel_order", "put_off_order"}
    assert set(value_list("scope")) == {*SCOPES, "group"}
    assert set(value_list("kind")) == set(get_args(Kind)) and set(value_list("direction")) == set(get_args(Direction))
    assert set(value_list("base_table")) == set(kpi_catalogue().bases)


def test_an_unknown_code_breaks_the_release() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_x as select * from (values ('C/1', 'r_q'), ('C/2', 'guess'), ('C/3', null)) t(k, policy)"
        )
        columns = [
            {"name": "k", "type": "VARCHAR", "unit": "text"},
            {"name": "policy", "type": "VARCHAR", "unit": "code", "values": column_values("fct_x", "policy")},
        ]
        mart = {"name": "fct_x", "schema": "marts", "grain": ["k"], "columns": columns}
        assert release_violations(connection, [mart]) == ["marts.fct_x: 1 rows break `policy is a known code`"]


def test_chinese_views_say_codes_and_states_in_chinese(public: list[dict[str, Any]]) -> None:
    marts = [mart for mart in public if mart["name"] in {"fct_inventory_health", "fct_stock_movements"}]
    health, movements = table_texts(marts, {mart["name"]: mart for mart in marts})
    shown = create_view("zh", chinese(health), "r", health)
    assert """when E'stocked_out' then E'已缺货'""" in shown and """when E'no_sales' then E'无销售'""" in shown
    assert (
        f"""when E'not_available: no cost in any source' then E'{status_names()["not_available: no cost in any source"]}'"""
        in shown
    )
    assert "case" not in create_view("en", health, "r", health)
    assert """when E'frozen' then E'冻结'""" in create_view("zh", chinese(movements), "r", movements)
    comments = {column.name: column.comment for column in chinese(health).columns}
    assert comments["库存金额"] == "inventory_value: 按流水各层计算的自有计价库存金额；有成本未知则为空。单位：本位币。"
