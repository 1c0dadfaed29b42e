"""The contracts are coherent, and what is derived from them is in step."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import duckdb
import pytest
import yaml

from assets.ingest.batches.register import register_landing
from assets.ingest.contracts import ingest_order, landing_columns, load_contracts, read_contract
from assets.ingest.dbt_staging import TARGET, dbt_staging_yaml
from assets.ingest.errors import ContractError
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import capabilities, ingest

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("STOCKTURN_SHARED", ROOT.parent / "shared"))
USAID = SHARED / "data" / "usaid_contraceptive"


def test_masters_come_before_what_refers_to_them():
    order = ingest_order()
    assert sorted(order) == sorted(load_contracts())
    for name, contract in load_contracts().items():
        assert all(order.index(master) < order.index(name) for master in contract.references.values())


def test_the_committed_dbt_sources_are_those_of_the_contracts():
    assert TARGET.read_text(encoding="utf-8") == dbt_staging_yaml(load_contracts()), (
        "run python -m assets.ingest.dbt_staging"
    )


def test_dbt_sources_describe_every_column():
    tables = yaml.safe_load(dbt_staging_yaml(load_contracts()))["sources"][0]["tables"]
    assert [table["name"] for table in tables] == list(load_contracts())
    for table in tables:
        assert [column["name"] for column in table["columns"]] == [
            c.name for c in landing_columns(load_contracts()[table["name"]])
        ]
        assert all(column["description"] for column in table["columns"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"natural_key": ["nothing"]}, "nothing is not a column"),
        ({"colour": "red"}, "colour"),
        ({"columns": {"a": {"type": "enum", "nullable": False, "label_zh": "x", "meaning": "x"}}}, "values"),
        (
            {"columns": {"a": {"type": "text", "nullable": True, "label_zh": "x", "meaning": "x"}}},
            "must not be nullable",
        ),
    ],
)
def test_a_broken_contract_is_refused(tmp_path, change, message):
    contract = {
        "contract": "c", "title": "C", "label_zh": "c", "meaning": "c", "natural_key": ["a"],
        "columns": {"a": {"type": "text", "nullable": False, "label_zh": "x", "meaning": "x"}},
    } | change  # fmt: skip
    (tmp_path / "c.yml").write_text(yaml.safe_dump(contract))
    with pytest.raises(ContractError, match=message):
        read_contract(tmp_path / "c.yml")


def test_an_empty_workspace_shows_typed_empty_tables(tmp_path):
    connection = duckdb.connect()
    for _ in range(2):
        register_landing(connection, tmp_path, dt.date(2024, 1, 1))
    for name, contract in load_contracts().items():
        found = [(row[0], row[1]) for row in connection.execute(f"describe landing.{name}").fetchall()]
        assert found == [(column.name, column.type.duckdb) for column in landing_columns(contract)]
    assert connection.execute("select count(*) from quality.landing_batches").fetchone() == (0,)


@pytest.mark.skipif(not USAID.is_dir(), reason="the usaid data set is not here (see STOCKTURN_SHARED)")
def test_the_usaid_ledger_closes(tmp_path):
    source = SourceSettings(
        name="lmis", kind="file", mapping="usaid_lmis", path=USAID, instance="ci_lmis", timezone="Africa/Abidjan"
    )
    day = dt.date(2019, 9, 30)
    reports = {name: ingest(tmp_path, [source], name, day) for name in ingest_order()}
    for name in ("stock_movement", "stock_count_line", "stock_on_hand"):
        report = reports[name]
        assert report.rows_in == 38_842
        assert report.rows_in == report.rows_loaded + report.rows_excluded
        assert (report.rows_quarantined, report.rows_duplicate, report.refusals) == (0, 0, ())
    connection = duckdb.connect()
    register_landing(connection, tmp_path, day)
    raw = f"read_csv('{USAID / 'stock_ledger_monthly.csv'}')"
    # Every unit of the file is in the ledger: the opening of each series once, then what each month moved.
    moved, opened = connection.execute(
        "select sum(m), sum(o) from (select sum(stock_received - stock_distributed + stock_adjustment) as m, "
        f"arg_min(stock_initial, year * 100 + month) as o from {raw} group by site_code, product_code)"
    ).fetchone()
    assert connection.execute("select sum(quantity_units) from landing.stock_movement").fetchone()[0] == moved + opened
    assert connection.execute(
        "select count(*) from landing.stock_on_hand b join landing.stock_movement m using (item_code, warehouse_code) "
        "where m.movement_type = 'opening' and m.business_date = b.as_of_date and m.quantity_units <> b.on_hand_units"
    ).fetchone() == (0,)
    rows = capabilities([source])
    assert ("ci_lmis", "lmis", "stock_movement", "has_cost", False) in rows
    assert ("ci_lmis", "lmis", "purchase_order_line", "is_fed", False) in rows
