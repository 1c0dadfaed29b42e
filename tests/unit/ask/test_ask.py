"""Questions of an assistant: the protocol's own client asks over standard input and output, within limits that no query gets around."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.publish.releases import Release, build_release, switch_current
from orchestration.ask.published import Limits, Published, QuestionError
from orchestration.ask.server import build_server

CONFIG = """
company: {code: MINE, name: Mine, currency: CNY, timezone: Asia/Shanghai}
data_dir: FOLDER
sources:
  - {name: erp, kind: file, instance: erp_mine, path: inbox, mapping: generic_excel, company_code: MINE}
schedule: {first_date: 2026-01-01}
"""


def make_release(folder: Path) -> Release:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            """create table marts.dim_item_warehouses as from (values ('I1', 'W1', '安娜'), ('I1', 'W2', 'ben'), ('I2', 'W1', 'ben'))
                   t(item_id, warehouse_id, owner_name);
               create table marts.fct_stock_balances as
                   select item_id, warehouse_id, cast(10.5 as decimal(24, 4)) as inventory_value, date '2026-06-30' as valid_from_date
                   from marts.dim_item_warehouses;
               create table marts.fct_kpi_summary as from (values ('inventory_capital', 'company', '', 31.5),
                   ('inventory_capital', 'owner', 'ben', 21.0)) t(kpi, scope, scope_value, kpi_value);
               create table marts.fct_dead_stock as select 'I1' as item_id"""
        )
        words = {
            "marts": [
                {
                    "name": "fct_stock_balances", "description": "Stock by interval.", "label_en": "Balances", "label_zh": "结存",
                    "grain": ["item_id", "warehouse_id"],
                    "columns": [{"name": "inventory_value", "unit": "currency", "description": "Worth.", "formula": "as booked",
                                 "label_en": "Inventory value", "label_zh": "库存金额"}],
                }
            ]
        }  # fmt: skip
        documents = {"dictionary.json": json.dumps(words, ensure_ascii=False)}
        return build_release(connection, folder, "r1", {"as_of_date": "2026-06-30"}, documents)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return make_release(tmp_path_factory.mktemp("releases"))


def test_a_question_is_one_select_over_public_marts(release: Release, tmp_path: Path) -> None:
    data = Published(release, Limits())
    answer = data.query(
        "select warehouse_id, sum(inventory_value) as v from fct_stock_balances group by 1 order by 1", rows=1
    )
    assert answer == {"columns": ["warehouse_id", "v"], "rows": [["W1", 21.0]], "is_cut": True}
    for wrong in (
        "delete from dim_item_warehouses",
        "select 1; select 2",
        "copy fct_stock_balances to '" + str(tmp_path / "x.csv") + "'",
        "attach '/etc/passwd' as x",
        "set threads = 1",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('" + str(release.path / "manifest.json") + "')",
        "select * from fct_nothing",
    ):
        with pytest.raises(QuestionError):
            data.query(wrong)
    assert not (tmp_path / "x.csv").exists()
    data.close()


@pytest.mark.parametrize(
    ("limits", "places"),
    [
        (Limits(owners=("安娜",)), [("I1", "W1")]),
        (Limits(warehouses=("W1",)), [("I1", "W1"), ("I2", "W1")]),
        (Limits(owners=("ben",), warehouses=("W1",)), [("I2", "W1")]),
        (Limits(owners=()), []),
    ],
)
def test_limits_hold_for_every_way_of_asking(release: Release, limits: Limits, places: list[tuple[str, str]]) -> None:
    data = Published(release, limits)
    for mart in ("fct_stock_balances", "dim_item_warehouses"):
        answer = data.query(f"select item_id, warehouse_id from {mart} order by all")
        assert [tuple(row) for row in answer["rows"]] == places
    for way_around in (
        "release.marts.fct_stock_balances",
        "marts.fct_stock_balances",
        "fct_dead_stock",
        f"'{release.path}/*.parquet'",
    ):
        with pytest.raises(QuestionError):
            data.query(f"select * from {way_around}")
    assert data.has_place("I1", "W2") is False
    kpis = data.query("select scope, scope_value from fct_kpi_summary")["rows"]
    assert kpis == ([["owner", "ben"]] if limits == Limits(owners=("ben",)) else [])
    data.close()


def test_a_sum_over_an_owner_is_shown_to_who_sees_all_of_it(release: Release) -> None:
    data = Published(release, Limits(owners=("ben",)))
    assert data.query("select scope, kpi_value from fct_kpi_summary")["rows"] == [["owner", 21.0]]
    data.close()


def test_the_protocols_own_client_gets_answers(release: Release) -> None:
    mcp = pytest.importorskip("mcp", reason="the extra `mcp`")
    data = Published(release, Limits(owners=("安娜",)))
    _check(asyncio.run(_conversation(mcp, build_server(data, "Mine", "CNY", list))))
    data.close()


@pytest.mark.slow
def test_the_protocols_own_client_gets_answers_over_stdio(tmp_path: Path) -> None:
    """The command as an assistant starts it."""
    mcp = pytest.importorskip("mcp", reason="the extra `mcp`")
    data = tmp_path / "data"
    make_release(data / "releases")
    switch_current(data / "releases", "r1")
    (tmp_path / "company.yml").write_text(CONFIG.replace("FOLDER", str(data)), encoding="utf-8")
    arguments = ["-m", "orchestration.cli", "mcp", "-c", str(tmp_path / "company.yml"), "--owner", "安娜"]
    server = mcp.StdioServerParameters(command=sys.executable, args=arguments, env=dict(os.environ))
    _check(asyncio.run(_conversation(mcp, server)))


def _check(found: dict[str, Any]) -> None:
    assert found["tools"] == {"describe_mart", "explain", "incidents", "kpis", "list_marts", "query"}
    assert "2026-06-30" in found["about"] and "some owners" in found["about"]
    assert {mart["name"] for mart in found["marts"]["marts"]} == {
        "dim_item_warehouses",
        "fct_kpi_summary",
        "fct_stock_balances",
    }
    assert found["rows"] == {"columns": ["item_id", "inventory_value"], "rows": [["I1", 10.5]], "is_cut": False}
    assert "ask with one SELECT" in found["refused"] and "no public mart fct_dead_stock" in found["internal"]
    assert "nothing is known of item I1 at W2" in found["other"]
    [balances] = [mart for mart in json.loads(found["dictionary"]) if mart["name"] == "fct_stock_balances"]
    [value] = [column for column in balances["columns"] if column["name"] == "inventory_value"]
    assert (value["unit"], value["label_zh"]) == ("currency", "库存金额")


async def _conversation(mcp: Any, server: Any) -> dict[str, Any]:
    async with mcp.Client(server, read_timeout_seconds=120) as client:

        async def asked(tool: str, **arguments: Any) -> Any:
            result = await client.call_tool(tool, arguments)
            return result.content[0].text if result.is_error else result.structured_content

        return {
            "about": client.instructions or "",
            "tools": {tool.name for tool in (await client.list_tools()).tools},
            "dictionary": (await client.read_resource("stockturn://dictionary")).contents[0].text,
            "marts": await asked("list_marts"),
            "rows": await asked("query", sql="select item_id, inventory_value from fct_stock_balances"),
            "refused": await asked("query", sql="drop table fct_stock_balances"),
            "internal": await asked("describe_mart", mart="fct_dead_stock"),
            "other": await asked(
                "explain", mart="fct_stock_balances", column="inventory_value", item_id="I1", warehouse_id="W2"
            ),
        }
