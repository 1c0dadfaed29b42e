"""SAP's stumbling blocks of money and clients: currencies with other decimals than two, and several clients in one extract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest
from vendors import kit, sap_ecc

from assets.ingest.batches.register import register_landing
from assets.ingest.live.secrets import variable
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

MASTERS = ("item", "warehouse")
"""What the documents of the other contracts refer to."""
TCURX = "CURRKEY|CURRDEC\nJPY|0\nKWD|3\nHUF|0\n"


def _land(folder: Path, tables: dict[str, str], contracts: Sequence[str], **parameters: str) -> kit.Landed:
    """Land some contracts of an extract; landing them all takes seconds."""
    kit.write_tables(folder / "in", tables, "utf-8")
    source = SourceSettings(
        name="sap", kind="file", mapping="sap_ecc", path=folder / "in", instance="PRD", parameters=dict(parameters)
    )
    reports = ingest_all(folder / "w", [source], sap_ecc.AS_OF, [*MASTERS, *contracts])
    connection = duckdb.connect()
    register_landing(connection, folder / "w", sap_ecc.AS_OF)
    return kit.Landed(sap_ecc, reports, connection, (source,))


def _column(name: str, value: str) -> Callable[[str], str]:
    """Adds a column to the text of a table."""

    def add(table: str) -> str:
        head, *rows = [line for line in table.strip().splitlines() if line.strip()]
        width = head.count("|") + 1
        return "\n".join([f"{head}|{name}", *(row + "|" * (width - 1 - row.count("|")) + f"|{value}" for row in rows)])

    return add


def _clients(table: str, first: str = "100", second: str = "800") -> str:
    """Every row in two clients."""
    one, two = _column("MANDT", first)(table), _column("MANDT", second)(table)
    return "\n".join([one, *two.splitlines()[1:]])


AMOUNTS = (
    ("stock_movement", "cost_value"), ("inventory_value_entry", "entry_value"), ("item_cost", "unit_cost"),
    ("purchase_order_line", "unit_price"), ("purchase_order_line", "order_value"), ("purchase_receipt_line", "cost_value"),
    ("sales_order_line", "order_value"), ("sales_revenue_line", "revenue_value"), ("sales_revenue_line", "cost_value"),
    ("ar_open_item", "open_value"), ("ap_open_item", "original_value"),
)  # fmt: skip


def _amounts(folder: Path, tables: dict[str, str], contracts: Sequence[str]) -> dict[tuple[str, str], float]:
    found = _land(folder, tables, contracts)
    return {
        (contract, amount): found.rows(f"select sum(abs({amount}))::double from landing.{contract}")[0][0]
        for contract, amount in AMOUNTS
        if contract in contracts
    }


def _in(currency: str) -> dict[str, str]:
    """The fixture's tables with the currency that SAP has beside its amounts."""
    column = {"MSEG": "WAERS", "EKKO": "WAERS", "EKBE": "HSWAE", "VBAP": "WAERK", "VBRK": "WAERK"}
    return {
        **sap_ecc.TABLES, **{name: _column(title, currency)(sap_ecc.TABLES[name]) for name, title in column.items()},
        "T001K": "BWKEY|BUKRS\n1000|1000\n2000|1000\n", "T001": f"BUKRS|WAERS\n1000|{currency}\n",
    }  # fmt: skip


@pytest.mark.slow
def test_every_amount_is_that_of_its_currency(tmp_path: Path) -> None:
    """100 yen are stored as 1.00; TCURX says which currencies have other decimals than two."""
    contracts = ["supplier", "customer", *sorted({contract for contract, _ in AMOUNTS})]
    stored = _amounts(tmp_path / "stored", sap_ecc.TABLES, contracts)
    yen = _amounts(tmp_path / "yen", {**_in("JPY"), "TCURX": TCURX}, contracts)
    assert min(stored.values()) > 0
    assert yen == pytest.approx({place: amount * 100 for place, amount in stored.items()})


@pytest.mark.parametrize(
    ("currency", "decimals", "price"),
    [("EUR", TCURX, "5.2"), ("KWD", TCURX, "0.52"), ("HUF", TCURX, "520"), ("JPY", None, "520")],
)
def test_decimals_of_a_currency(currency: str, decimals: str | None, price: str, tmp_path: Path) -> None:
    more = {"TCURX": decimals} if decimals is not None else {}
    found = _land(tmp_path, {**_in(currency), **more}, ["item_cost"])
    assert found.texts("select max(unit_cost) from landing.item_cost where item_code like '%100'") == [price]


def test_lists_show_amounts_as_they_are_meant() -> None:
    assert load_mapping("sap_ecc_text").parameters["amounts"].default == "shown"
    assert load_mapping("sap_ecc").parameters["amounts"].default == "stored"


CONTRACTS = ("supplier", "purchase_order_line")


def _loaded(found: kit.Landed) -> dict[str, int]:
    return {name: report.rows_loaded for name, report in found.reports.items()}


def test_several_clients_in_an_extract_are_refused_unless_one_is_named(tmp_path: Path) -> None:
    mixed = {name: _clients(table) for name, table in sap_ecc.TABLES.items()}
    of_one = _land(tmp_path / "one", mixed, CONTRACTS, client="800")
    # As many as one client has: joined to another's, rows would be refused.
    assert _loaded(of_one) == {"item": 3, "warehouse": 5, "supplier": 1, "purchase_order_line": 3}
    assert not any(report.refusals for report in of_one.reports.values())
    refused = _land(tmp_path / "all", mixed, CONTRACTS)
    assert set(_loaded(refused).values()) == {0}
    for report in refused.reports.values():
        assert any("several clients (100, 800)" in text and 'client: "800"' in text for text in report.refusals)


def test_a_single_client_needs_no_setting_and_another_one_is_left_out(tmp_path: Path) -> None:
    single = {name: _column("MANDT", "100")(table) for name, table in sap_ecc.TABLES.items()}
    assert _loaded(_land(tmp_path / "one", single, []))["item"] == 3
    left_out = _land(tmp_path / "none", single, [], client="800").reports["item"]
    assert left_out.rows_loaded == 0
    assert left_out.is_closed
    assert [batch.rows_excluded for batch in left_out.batches] == [3]


def test_a_database_with_several_clients_joins_within_a_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SAP's databases hold every client; a key such as a material occurs once in each."""
    path = tmp_path / "sap.db"
    kit.make_database(path, {name: _clients(table) for name, table in sap_ecc.TABLES.items()})
    monkeypatch.setenv(variable("sap", "URL"), f"sqlite:///{path}")
    mapping = tmp_path / "m.yml"
    mapping.write_text("mapping: m\nextends: sap_ecc\nversion: 1\nsource_system: sap_ecc\n", encoding="utf-8")
    for client, loaded in (("800", True), (None, False)):
        source = SourceSettings(
            name="sap",
            kind="sql",
            mapping=str(mapping),
            instance="PRD",
            parameters={} if client is None else {"client": client},
        )
        report = ingest_all(tmp_path / f"w{client}", [source], sap_ecc.AS_OF, ["item"])["item"]
        assert report.rows_loaded == (3 if loaded else 0), report.refusals
        assert any("several clients" in text for text in report.refusals) is not loaded
