"""What roles see in the views of a publication to a real PostgreSQL: their own rows, and Chinese names for codes."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import psycopg
import pytest
from postgres import Server
from publication_target import Target, server, target

from assets.publish.postgres import publish_postgres
from assets.publish.releases import Release, build_release
from assets.publish.settings import PostgresSettings
from assets.publish.values import column_values

__all__ = ["server", "target"]
SETTINGS = PostgresSettings(keep_releases=2, wait_seconds=20)
PLACES = [  # item, warehouse, owner
    ("I1", "W1", "anna"),
    ("I1", "W2", "ben"),
    ("I2", "W1", "ben"),
    ("I3", "W2", "cleo"),
]


def star_release(folder: Path) -> Release:
    """A small star with public, internal and own marts, and a KPI of the company, an owner and a warehouse."""
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        rows = ", ".join(f"('{item}', '{place}', '{owner}')" for item, place, owner in PLACES)
        connection.execute(
            f"""create table marts.dim_item_warehouses as from (values {rows}) t(item_id, warehouse_id, owner_name);
                create table marts.dim_items as select distinct item_id from marts.dim_item_warehouses;
                create table marts.dim_warehouses as select distinct warehouse_id from marts.dim_item_warehouses;
                create table marts.dim_owners as select distinct owner_name from marts.dim_item_warehouses;
                create table marts.fct_stock_balances as select item_id, warehouse_id, 10 as on_hand_units from marts.dim_item_warehouses;
                create table marts.fct_transfers as
                    select 'I1' as item_id, 'W1' as from_warehouse_id, 'W2' as to_warehouse_id union all select 'I3', 'W1', 'W2';
                create table marts.fct_kpi_summary as from (values ('company', '', 4), ('owner', 'anna', 1), ('owner', 'ben', 2),
                    ('warehouse', 'W2', 2)) t(scope, scope_value, kpi_value);
                create table marts.fct_supplier_performance as select 'S' as supplier_id;
                create table marts.fct_dead_stock as select 'I1' as item_id;
                create table marts.fct_of_our_own as select item_id, warehouse_id from marts.dim_item_warehouses"""
        )
        return build_release(connection, folder, "r00001", {"as_of_date": "2026-06-30"})


def test_each_role_sees_the_rows_of_its_owners_and_warehouses_only(
    server: Server, target: Target, tmp_path: Path
) -> None:
    """In every view, through joins, and past a function that tells what it is given."""
    release = star_release(tmp_path)
    publish_postgres(release, target.owner, SETTINGS)
    database = target.owner.rsplit("/", 1)[1]
    with psycopg.connect(target.owner, autocommit=True) as admin:
        for role in ("t_anna", "t_ben", "t_keeper", "t_nobody"):
            admin.execute(f"drop role if exists {role}".encode())
            admin.execute(f"create role {role} login in role stockturn_limited".encode())
        admin.execute(
            """insert into stockturn_access.row_limits values
               ('t_anna', 'anna', null), ('t_ben', 'ben', 'W2'), ('t_keeper', null, 'W2'), ('t_nobody', null, null)"""
        )
    expected = {
        "t_anna": {("I1", "W1")},
        "t_ben": {("I1", "W2")},  # what is his elsewhere is not in this limit
        "t_keeper": {("I1", "W2"), ("I3", "W2")},
        "t_nobody": set(),
        "stockturn_bi": {(item, place) for item, place, _ in PLACES},
    }
    for role, places in expected.items():
        with psycopg.connect(server.url_of(database, user=role), autocommit=True) as reader:
            reader.execute("set search_path = stockturn")
            for view in ("fct_stock_balances", "dim_item_warehouses", "fct_of_our_own", "fct_stock_balances_zh"):
                name = f"stockturn.{view}" if not view.endswith("_zh") else "stockturn_zh.fct_stock_balances"
                found = set(reader.execute(f"select item_id, warehouse_id from {name}".encode()).fetchall())
                assert found == places, (role, view)
            joined = reader.execute(
                "select i.item_id, b.warehouse_id from dim_items i left join fct_stock_balances b using (item_id)"
            )
            assert set(joined.fetchall()) == places, role
            assert {w for (w,) in reader.execute("select warehouse_id from dim_warehouses")} == {w for _, w in places}
            said: list[str] = []
            reader.add_notice_handler(lambda notice, said=said: said.append(str(notice.message_primary)))
            reader.execute(
                """create function pg_temp.tell(text, text) returns boolean language plpgsql cost 0.0001 as
                   'begin raise notice ''% %'', $1, $2; return true; end'"""
            )
            reader.execute("select count(*) from fct_stock_balances where pg_temp.tell(item_id, warehouse_id)")
            assert set(said) == {f"{item} {place}" for item, place in places}, role
            assert reader.execute("select count(*) from fct_supplier_performance").fetchone() == (
                (1,) if role == "stockturn_bi" else (0,)
            )
            for hidden in ("fct_dead_stock", "stockturn_access.row_limits"):
                with pytest.raises((psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege)):
                    reader.execute(f"select * from {hidden}".encode())
            kpis = {tuple(row) for row in reader.execute("select scope, scope_value from fct_kpi_summary").fetchall()}
            assert (
                kpis
                == {
                    "t_anna": {("owner", "anna")},
                    "t_ben": set(),  # only a part of ben's stock is his to see, so no sum over all of it
                    "t_keeper": {("warehouse", "W2")},
                    "t_nobody": set(),
                    "stockturn_bi": {("company", ""), ("owner", "anna"), ("owner", "ben"), ("warehouse", "W2")},
                }[role]
            )
            moves = {item for (item,) in reader.execute("select item_id from fct_transfers").fetchall()}
            assert moves == {"t_anna": {"I1"}, "t_ben": {"I1"}, "t_keeper": {"I1", "I3"}, "t_nobody": set()}.get(
                role, {"I1", "I3"}
            )


def test_chinese_views_show_names_for_codes(target: Target, tmp_path: Path) -> None:
    """Codes and states in the Chinese view, the codes themselves in the English one; what has no name stays as it is."""
    column = "policy"
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            """create table marts.fct_replenishment as from (values
                   ('I1', 'r_q', 'ok'), ('I2', 'two_bin', 'not_available: no cost in any source'), ('I3', 'of_our_own', null)
               ) t(item_id, policy, value_status)"""
        )
        release = build_release(connection, tmp_path, "r00001", {"as_of_date": "2026-06-30"})
    columns = [
        {"name": "item_id", "label_zh": "物料"},
        {"name": column, "label_zh": "策略", "values": column_values("fct_replenishment", column)},
        {"name": "value_status", "label_zh": "金额状态", "unit": "text"},
    ]
    mart = {"name": "fct_replenishment", "label_zh": "补货建议", "grain": ["item_id"], "columns": columns}
    (release.path / "dictionary.json").write_text(json.dumps({"marts": [mart]}), encoding="utf-8")
    publish_postgres(release, target.owner, SETTINGS)
    with psycopg.connect(target.reader, autocommit=True) as reader:
        chinese = reader.execute('select "策略", "金额状态" from stockturn_zh."补货建议" order by "物料"').fetchall()
        english = reader.execute(f"select {column} from stockturn.fct_replenishment order by item_id").fetchall()
    assert chinese == [("定量补货 (r, Q)", "正常"), ("双箱法", "无数据：来源中没有成本"), ("of_our_own", None)]
    assert english == [("r_q",), ("two_bin",), ("of_our_own",)]
