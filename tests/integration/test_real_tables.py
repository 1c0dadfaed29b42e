"""Real tables of real systems through the shipped mappings: row accounting closes, totals counted here from the raw files come
out, and what is refused is refused for the reason that is in the data. Third-party data: skipped where it is absent."""

from __future__ import annotations

import collections
import csv
import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from companies import SHARED

from assets.ingest.batches.register import register_landing
from assets.ingest.batches.report import ContractReport
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

DATA = SHARED / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not on this machine")


@dataclass
class Landed:
    """What a folder of real tables became."""

    reports: dict[str, ContractReport]
    connection: duckdb.DuckDBPyConnection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        return self.rows(sql)[0][0] if len(self.rows(sql)[0]) == 1 else self.rows(sql)[0]

    def counts(self, contract: str) -> tuple[int, int, int, int]:
        """Rows in, loaded, quarantined, excluded."""
        report = self.reports[contract]
        excluded = sum(batch.rows_excluded for batch in report.batches)
        return report.rows_in, report.rows_loaded, report.rows_quarantined, excluded

    @property
    def refused_rows(self) -> dict[tuple[str, str, str], int]:
        """Rows in quarantine by contract, rule and column."""
        found = self.rows("select contract, rule_id, column_name, count(*) from quality.quarantined_rows group by all")
        return {(contract, rule, column): count for contract, rule, column, count in found}


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Landed]]:
    done: dict[str, Landed] = {}

    def of(mapping: str, folder: str, day: str, **more: Any) -> Landed:
        if mapping not in done:
            workspace = tmp_path_factory.mktemp(mapping)
            settings = {"instance": "R1", "timezone": "UTC", **more}
            source = SourceSettings(name=mapping, kind="file", mapping=mapping, path=DATA / folder, **settings)
            reports = ingest_all(workspace, [source], dt.date.fromisoformat(day))
            connection = duckdb.connect()
            register_landing(connection, workspace, dt.date.fromisoformat(day))
            for contract, report in reports.items():
                assert report.refusals == (), contract
                assert report.is_closed, contract
            done[mapping] = Landed(reports, connection)
        return done[mapping]

    yield of
    for landed in done.values():
        landed.connection.close()


def table(folder: str, name: str) -> list[dict[str, str]]:
    with (DATA / folder / name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


# SAP: tables saved as text by a user of a teaching client.
SAP = "sap_globalbike/sap_erpsim"


@pytest.fixture(scope="module")
def sap(land: Callable[..., Landed]) -> Landed:
    return land("sap_globalbike", SAP, "2019-12-31", company_code="US00", parameters={"bukrs": "US00"})


def test_sap_movements_have_the_sign_that_stands_beside_the_quantity(sap: Landed) -> None:
    lines = [row for row in table(SAP, "MSEG_Surcharge.csv") if row["BUKRS"] == "US00"]
    signs = {"S": 1, "H": -1}
    units = sum(signs[row["SHKZG"]] * number(row["MENGE"]) for row in lines)
    value = sum(signs[row["SHKZG"]] * number(row["DMBTR"]) for row in lines)
    assert sap.counts("stock_movement") == (19_305, len(lines), 0, 19_305 - len(lines))
    found = sap.one("select count(*), sum(quantity_units), sum(cost_value) from landing.stock_movement")
    assert found == (len(lines), units, value)
    by_type = collections.Counter(row["BWART"] for row in lines)
    found_types = dict(sap.rows("select substr(source_doc_type, 5), count(*) from landing.stock_movement group by all"))
    assert found_types == by_type
    assert sap.one("select sum(entry_value) from landing.inventory_value_entry") == value


def test_sap_days_are_month_first_and_initial_days_are_none(sap: Landed) -> None:
    heads = {(row["MBLNR"], row["MJAHR"]): row["BUDAT"] for row in table(SAP, "MKPF_Surcharge.csv")}
    lines = [row for row in table(SAP, "MSEG_Surcharge.csv") if row["BUKRS"] == "US00"]
    days = collections.Counter(
        dt.datetime.strptime(heads[row["MBLNR"], row["MJAHR"]], "%m/%d/%y").date() for row in lines
    )
    assert dict(sap.rows("select business_date, count(*) from landing.stock_movement group by all")) == days
    assert sap.one("select count(*) from landing.stock_movement where lot_no <> '' or ref_line_id = '0'") == 0


def test_sap_order_prices_are_of_the_price_unit_not_of_the_order_unit(sap: Landed) -> None:
    heads = {row["EBELN"]: row for row in table(SAP, "EKKO_Surcharge.csv")}
    lines = [row for row in table(SAP, "EKPO_Surcharge.csv") if row["BUKRS"] == "US00"]
    without_unit = [row for row in lines if row["PEINH"] == "0"]
    without_supplier = [row for row in lines if not heads[row["EBELN"]]["LIFNR"]]
    held = {id(row) for row in without_unit + without_supplier}
    assert sap.refused_rows.get(("purchase_order_line", "expression_failed", "unit_price"), 0) == len(without_unit)
    assert sap.refused_rows.get(("purchase_order_line", "required", "supplier_code"), 0) == len(without_supplier)
    assert sap.counts("purchase_order_line") == (352, len(lines) - len(held), len(held), 352 - len(lines))
    units = sum(
        number(row["MENGE"]) * number(row["UMREZ"]) / number(row["UMREN"]) for row in lines if id(row) not in held
    )
    assert sap.one("select sum(ordered_units) from landing.purchase_order_line") == units
    # What SAP itself says the line costs, wherever it has an amount: a wrong price unit is off by its factor.
    wrong = sap.rows(
        "select po_no, po_line_id from landing.purchase_order_line "
        "where ordered_units <> 0 and abs(ordered_units * unit_price - order_value) > 0.005 * order_value"
    )
    assert wrong == []


def test_sap_receipts_name_the_orders_that_they_fulfil(sap: Landed) -> None:
    receipts = [row for row in table(SAP, "MSEG_Surcharge.csv") if row["BUKRS"] == "US00" and row["EBELN"]]
    found = sap.one("select count(*), sum(received_units), count(distinct po_no) from landing.purchase_receipt_line")
    assert found == (
        len(receipts),
        sum(number(row["MENGE"]) for row in receipts),
        len({row["EBELN"] for row in receipts}),
    )


# OpenLMIS: stock cards with lots.
LMIS = "openlmis"


@pytest.fixture(scope="module")
def lmis(land: Callable[..., Landed]) -> Landed:
    return land("openlmis", LMIS, "2017-11-29")


def counted(row: dict[str, str]) -> bool:
    return not (row["sourceId"] or row["destinationId"] or row["reasonId"])


def test_openlmis_cards_come_to_every_stock_figure_that_openlmis_computed(lmis: Landed) -> None:
    figures = table(LMIS, "stockmanagement.calculated_stocks_on_hand.csv")
    assert lmis.counts("stock_on_hand") == (2_811, 112, 0, 2_811 - 112)
    cards = {row["id"]: row["stockCardId"] for row in table(LMIS, "stockmanagement.stock_card_line_items.csv")}
    changes: dict[str, dict[str, Decimal]] = collections.defaultdict(lambda: collections.defaultdict(Decimal))
    for line, day, units in lmis.rows(
        "select source_doc_id, business_date::text, quantity_units from landing.stock_movement"
    ):
        changes[cards[line]][day] += units
    for figure in figures:
        ledger = sum(units for day, units in changes[figure["stockcardid"]].items() if day <= figure["occurreddate"])
        assert ledger == int(figure["stockonhand"]), figure
    # The last figure of each card is what is there now.
    last = {row["stockcardid"]: row for row in sorted(figures, key=lambda row: row["occurreddate"])}
    assert lmis.one("select sum(on_hand_units) from landing.stock_on_hand") == sum(
        int(row["stockonhand"]) for row in last.values()
    )


def test_openlmis_lines_are_moves_or_counts_and_none_is_lost(lmis: Landed) -> None:
    lines = table(LMIS, "stockmanagement.stock_card_line_items.csv")
    first: dict[str, str] = {}
    for row in lines:
        first[row["stockCardId"]] = min(row["occurredDate"], first.get(row["stockCardId"], "9999"))
    counts = [row for row in lines if counted(row) and row["occurredDate"] > first[row["stockCardId"]]]
    assert lmis.counts("stock_count_line") == (len(lines), len(counts), 0, len(lines) - len(counts))
    assert lmis.one("select sum(counted_units) from landing.stock_count_line") == sum(
        int(row["quantity"]) for row in counts
    )
    moved = dict(lmis.rows("select source_doc_id, quantity_units from landing.stock_movement"))
    for row in lines:
        if not counted(row):
            # A line of no units moves nothing.
            assert abs(moved.get(row["id"], 0)) == int(row["quantity"]), row["id"]
    rows_in, loaded, quarantined, excluded = lmis.counts("stock_movement")
    assert (rows_in, quarantined, loaded + excluded) == (len(lines), 0, len(lines))
    stated = dict(lmis.rows("select source_line_id, counted_units - book_units from landing.stock_count_line"))
    assert all(moved.get(line, 0) == variance for line, variance in stated.items())


def test_openlmis_lots_are_found_though_their_ids_are_written_in_another_case(lmis: Landed) -> None:
    cards = table(LMIS, "stockmanagement.stock_cards.csv")
    lots = {row["id"].lower(): row for row in table(LMIS, "referencedata.lots.csv")}
    expected = {
        (lots[row["lotId"].lower()]["lotcode"], lots[row["lotId"].lower()]["expirationdate"])
        for row in cards
        if row["lotId"]
    }
    assert set(lmis.rows("select lot_no, expiry_date::text from landing.lot")) == expected
    assert sum(row["lotId"] not in {lot["id"] for lot in lots.values()} for row in cards if row["lotId"]) > 0


# AdventureWorks: tab separated, no header.
WORKS = "adventureworks_purchasing"


def headless(name: str) -> list[list[str]]:
    with (DATA / WORKS / name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream, delimiter="\t"))


@pytest.fixture(scope="module")
def works(land: Callable[..., Landed]) -> Landed:
    return land("adventureworks", WORKS, "2025-08-31")


def test_adventureworks_orders_and_rejects_are_those_of_the_headerless_files(works: Landed) -> None:
    lines = headless("PurchaseOrderDetail.csv")
    status = {row[0]: row[2] for row in headless("PurchaseOrderHeader.csv")}
    assert works.counts("purchase_order_line") == (8_845, 8_845, 0, 0)
    found = works.one(
        "select sum(ordered_units), sum(received_units), sum(order_value), count(distinct po_no) from landing.purchase_order_line"
    )
    assert found == (
        sum(Decimal(row[3]) for row in lines),
        sum(Decimal(row[9]) for row in lines),
        sum(Decimal(row[6]) for row in lines),
        len(status),
    )
    complete = [row for row in lines if status[row[0]] == "4" and Decimal(row[7])]
    found = works.one("select count(*), sum(received_units), sum(rejected_units) from landing.purchase_receipt_line")
    assert found == (len(complete), sum(Decimal(row[7]) for row in complete), sum(Decimal(row[8]) for row in complete))
    # Row numbers start with the first line: there is no header before it.
    assert works.one("select min(source_row), max(source_row) from landing.purchase_order_line") == (1, 8_845)


def test_adventureworks_stock_and_masters(works: Landed) -> None:
    stock = headless("ProductInventory.csv")
    assert works.one("select count(*), sum(on_hand_units) from landing.stock_on_hand") == (
        1_069,
        sum(int(row[4]) for row in stock),
    )
    bins = {(row[1], row[2], row[3]) for row in stock}
    assert works.counts("location") == (1_069, len(bins), 0, 1_069 - len(bins))
    leads: dict[str, int] = {}
    for row in headless("ProductVendor.csv"):
        leads[row[0]] = min(int(row[2]), leads.get(row[0], 10_000))
    assert (
        dict(works.rows("select item_code, lead_time_days from landing.item where lead_time_days is not null")) == leads
    )
    assert works.refused_rows == {}


# A supply programme: three styles of days, sentences for numbers.
SCMS = "scms_delivery"


@pytest.fixture(scope="module")
def scms(land: Callable[..., Landed]) -> Landed:
    return land("scms_delivery", SCMS, "2015-12-31")


def test_scms_orders_without_a_day_are_held_back_and_the_others_are_read_in_every_style(scms: Landed) -> None:
    lines = table(SCMS, "delivery_history.csv")
    direct = [row for row in lines if row["Fulfill Via"] == "Direct Drop"]
    dated = [row for row in direct if row["PO Sent to Vendor Date"] != "Date Not Captured"]
    assert scms.counts("purchase_order_line") == (
        len(lines),
        len(dated),
        len(direct) - len(dated),
        len(lines) - len(direct),
    )
    assert scms.refused_rows == {("purchase_order_line", "unparseable_date", "order_date"): len(direct) - len(dated)}
    days: collections.Counter[dt.date] = collections.Counter()
    for row in dated:
        text = row["PO Sent to Vendor Date"]
        year = "%Y" if len(text.split("/")[-1]) == 4 else "%y"
        days[dt.datetime.strptime(text, f"%m/%d/{year}").date()] += 1
    assert dict(scms.rows("select order_date, count(*) from landing.purchase_order_line group by all")) == days
    packs = sum(int(row["Line Item Quantity"]) * int(row["Unit of Measure (Per Pack)"]) for row in direct)
    value = sum(number(row["Line Item Value"]) for row in direct)
    assert scms.one("select sum(received_units), sum(cost_value) from landing.purchase_receipt_line") == (packs, value)


def test_scms_shipments_and_the_sentences_that_stand_for_numbers(scms: Landed) -> None:
    stored = [row for row in table(SCMS, "delivery_history.csv") if row["Fulfill Via"] == "From RDC"]
    found = scms.one(
        "select count(*), sum(revenue_value), count(distinct customer_code) from landing.sales_shipment_line"
    )
    assert found == (
        len(stored),
        sum(number(row["Line Item Value"]) for row in stored),
        len({row["Country"] for row in stored}),
    )
    said = collections.Counter(
        row["Freight Cost (USD)"] for row in stored if not row["Freight Cost (USD)"][:1].isdigit()
    )
    kept = scms.rows("select json_extract_string(ext, '$.\"Freight Cost (USD)\"') from landing.sales_shipment_line")
    assert collections.Counter(text for (text,) in kept if not text[:1].isdigit()) == said
    september = sum("Sept" in row["Delivered to Client Date"] for row in stored)
    assert september > 0
    assert scms.one("select count(*) from landing.sales_shipment_line where month(shipment_date) = 9") == september


# InvenTree: a whole database as one JSON file.
TREE = "inventree"


@pytest.fixture(scope="module")
def tree(land: Callable[..., Landed]) -> Landed:
    return land("inventree", TREE, "2024-03-31")


def records(model: str) -> list[dict[str, Any]]:
    (path,) = (DATA / TREE).glob("*.json")
    return [row["fields"] | {"pk": row["pk"]} for row in json.loads(path.read_text("utf-8")) if row["model"] == model]


def test_inventree_stock_is_what_lies_there_and_not_what_is_sold_or_built_in(tree: Landed) -> None:
    items = records("stock.stockitem")
    gone = ("sales_order", "belongs_to", "customer", "consumed_by")
    here = [
        item
        for item in items
        if all(item[key] is None for key in gone) and not item["is_building"] and Decimal(item["quantity"]) > 0
    ]
    assert tree.one("select sum(on_hand_units) from landing.stock_on_hand") == sum(
        Decimal(item["quantity"]) for item in here
    )
    lots = {(item["part"], item["location"], item["batch"] or "", item["status"]) for item in here}
    assert tree.counts("stock_on_hand") == (len(items), len(lots), 0, len(items) - len(lots))
    # The day is in the name of the file.
    assert tree.one("select distinct as_of_date from landing.stock_on_hand") == dt.date(2024, 3, 19)


def test_inventree_counts_parts_and_orders(tree: Landed) -> None:
    takes = records("part.partstocktake")
    found = tree.one("select count(*), sum(counted_units), count(distinct count_date) from landing.stock_count_line")
    assert found == (len(takes), sum(Decimal(row["quantity"]) for row in takes), len({row["date"] for row in takes}))
    assert tree.counts("item")[:2] == (len(records("part.part")),) * 2
    packs = {row["pk"]: Decimal(row["pack_quantity_native"]) for row in records("company.supplierpart")}
    ordered = sum(Decimal(row["quantity"]) * packs[row["part"]] for row in records("order.purchaseorderlineitem"))
    assert tree.one("select sum(ordered_units) from landing.purchase_order_line") == ordered
    assert tree.refused_rows == {}
