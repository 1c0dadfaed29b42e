"""The queries that each kind of database is sent: one text per dialect, reviewed as a snapshot."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite
from syrupy.assertion import SnapshotAssertion

from assets.ingest.errors import IngestError
from assets.ingest.live.secrets import Secrets
from assets.ingest.live.sql_connection import ISOLATION, OPENING, database_url
from assets.ingest.live.sql_query import SqlQuery, TableInfo, build_query
from assets.ingest.live.watermark import Request
from assets.ingest.mapping.language import Dataset

DIALECTS: dict[str, Any] = {
    "postgresql": postgresql.dialect(),
    "mysql": mysql.dialect(),
    "sqlite": sqlite.dialect(),
    "mssql": mssql.dialect(),
    "oracle": oracle.dialect(),
}
TABLES = {
    "rdrecords": TableInfo(
        "rdrecords",
        {"AutoID": sa.Integer(), "ID": sa.Integer(), "cInvCode": sa.String(60), "iQuantity": sa.Numeric(28, 6),
         "tab Stock Entry": sa.String(20), "ufts": sa.LargeBinary(8)},
        ("AutoID",),
        "dbo",
    ),
    "RdRecord": TableInfo("RdRecord", {"ID": sa.Integer(), "cCode": sa.String(30), "dDate": sa.DateTime(), "dModify": sa.DateTime()}),
    "Inventory": TableInfo("Inventory", {"cInvCode": sa.String(60), "cInvName": sa.String(255), "FLOCALEID": sa.Integer()}),
    "lots": TableInfo("lots", {"AutoID": sa.Integer(), "qty": sa.Numeric(28, 6)}),
}  # fmt: skip
DATASET = {
    "name": "moves",
    "contract": "stock_movement",
    "table": "rdrecords",
    "scope": "key",
    "source": {"kind": "sql", "key": ["ID", "AutoID"]},
    "watermark": {"kind": "datetime", "column": "h.dModify", "reprocess_column": "h.dDate"},
    "join": [
        {"table": "RdRecord", "as": "h", "by": {"ID": "ID"}},
        {"table": "Inventory", "as": "i", "by": {"cInvCode": "cInvCode"}, "where": "FLOCALEID = 2052 and cInvName <> ''"},
        {"table": "lots", "as": "s", "by": {"AutoID": "AutoID"}, "sum": ["qty"]},
    ],
    "columns": {
        "doc_no": "h.cCode",
        "item_code": "cInvCode",
        "quantity_units": "iQuantity",
        "reason_code": {"from": "tab Stock Entry", "optional": True},
        "location_code": {"from": "there is none", "optional": True},
        "lot_no": "i.cInvName",
        "unit_cost": "s.qty",
    },
}  # fmt: skip
REQUEST = Request(since=(dt.datetime(2024, 3, 1, 8),), reprocess_from=dt.date(2024, 2, 1))


def query(**changes: Any) -> SqlQuery:
    return build_query(Dataset.model_validate({**DATASET, **changes}), TABLES, {})


def hana() -> Any:
    return pytest.importorskip("sqlalchemy_hana.dialect", reason="sqlalchemy-hana is not installed").HANAHDBCLIDialect()


@pytest.mark.parametrize("name", [*DIALECTS, "hana"])
def test_the_query_of_each_dialect(name: str, snapshot: SnapshotAssertion) -> None:
    """Quoting, joins, keyset, watermark and bound values, as each database reads them."""
    dialect = hana() if name == "hana" else DIALECTS[name]
    made = query()
    statements = (made.rows(REQUEST, after=(7, 12)), made.keys(), made.ceiling(), made.count())
    assert "\n\n".join(str(statement.compile(dialect=dialect)) for statement in statements) == snapshot
    assert (ISOLATION.get(name), OPENING[name]) == snapshot(name="opening")


def test_values_are_bound_and_names_are_quoted() -> None:
    """Text of a mapping never becomes SQL: neither a value nor a name can leave its quotes."""
    evil = "x' or '1'='1"
    joins = [{**DATASET["join"][1], "where": f"cInvName = '{evil.replace(chr(39), chr(39) * 2)}'"}]  # type: ignore[index]
    made = query(join=joins, columns={"doc_no": "cInvCode", "lot_no": "i.cInvName"}, watermark={"kind": "full"})
    compiled = made.rows(Request()).compile(dialect=DIALECTS["postgresql"])
    assert evil not in str(compiled) and evil in compiled.params.values()
    tables = {**TABLES, "rdrecords": TableInfo('a"; drop table b; --', {"ID": sa.Integer(), "AutoID": sa.Integer()})}
    dataset = Dataset.model_validate(
        {**DATASET, "join": [], "columns": {"doc_no": "ID"}, "watermark": {"kind": "full"}}
    )
    assert '"a""; drop table b; --"' in str(
        build_query(dataset, tables, {}).rows(Request()).compile(dialect=DIALECTS["postgresql"])
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": {"doc_no": "iQuantiti"}}, "table rdrecords has no column 'iQuantiti' .is 'iquantity' meant"),
        ({"source": {"kind": "sql", "key": ["nothing"]}}, "no column 'nothing'"),
        ({"watermark": {"kind": "datetime", "column": "h.nothing"}}, "table RdRecord has no column 'nothing'"),
        ({"join": [{"table": "RdRecord", "as": "h", "by": {"IDs": "ID"}}], "columns": {"doc_no": "h.cCode"}}, "no column 'IDs'"),
        (
            {"join": [{"table": "RdRecord", "as": "h", "by": {"ID": "ID"}, "where": "upper(cCode) = 'A'"}]},
            "is not carried to a database",
        ),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(IngestError, match=message):
        query(**changes)


def test_a_table_without_a_key_asks_for_one() -> None:
    tables = {**TABLES, "rdrecords": TableInfo("rdrecords", TABLES["rdrecords"].columns)}
    dataset = Dataset.model_validate({**DATASET, "source": None})
    with pytest.raises(IngestError, match="has no primary key"):
        build_query(dataset, tables, {})


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("mysql://u:p@h/d", "mysql+pymysql"),
        ("mssql://u:p@h/d", "mssql+pyodbc"),
        ("oracle://u:p@h/d", "oracle+oracledb"),
        ("sqlite:////tmp/a.db", "sqlite"),
    ],
)
def test_addresses_get_their_driver(url: str, driver: str) -> None:
    made = database_url(Secrets("a", {"STOCKTURN_SOURCE_A_URL": url}))
    assert made.drivername == driver and (driver != "sqlite" or made.query["mode"] == "ro")


@pytest.mark.parametrize("url", ["nonsense", "postgresql//u:geheim@h", "ftp://u:geheim@h/d"])
def test_a_wrong_address_is_told_without_it(url: str) -> None:
    with pytest.raises(IngestError) as caught:
        database_url(Secrets("a", {"STOCKTURN_SOURCE_A_URL": url}))
    assert "geheim" not in str(caught.value)


def test_secrets_are_hidden_in_every_form() -> None:
    secrets = Secrets(
        "a b", {"STOCKTURN_SOURCE_A_B_URL": "postgresql://u:p%40ss%2Fw@h/d", "STOCKTURN_SOURCE_A_B_KEY": "k3y"}
    )
    text = secrets.hide("at postgresql://u:p%40ss%2Fw@h/d with p@ss/w and p%40ss%2Fw, k3y; Password=other;")
    assert not any(secret in text for secret in ("p@ss/w", "p%40ss%2Fw", "k3y", "other"))
