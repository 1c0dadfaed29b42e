"""A clean delivery is clean in every sense: documents of the three systems agree with each other and the goods."""

from __future__ import annotations

import importlib.util
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

import pyarrow.parquet as pq
import pytest

_spec = importlib.util.spec_from_file_location("demo_files", Path(__file__).with_name("demo_files.py"))
assert _spec is not None and _spec.loader is not None
files = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(files)

END = date(2026, 6, 30)


@pytest.fixture(scope="module")
def legs(clean: Path) -> list[dict]:
    return files.movements(clean)


@pytest.fixture(scope="module")
def flows(legs: list[dict]) -> dict:
    return files.flows_of(legs)


def test_ledger_equals_every_erp_snapshot(clean: Path, flows: dict) -> None:
    """Prevents a demo in which the reconciliation of ledger and ERP raises false alarms."""
    paths = sorted((clean / "inbox" / "erp").glob("stock_on_hand_*.csv"))
    assert len(paths) >= 20
    for path in paths:
        assert files.on_hand(path) == files.balances_at(flows, files.day_of(path)), path.name


def test_book_never_goes_below_zero(flows: dict) -> None:
    """Within a day goods come in before they go out, so day ends suffice."""
    for key, days in flows.items():
        assert min(accumulate(units for _, units in sorted(days.items()))) >= 0, key


def test_wms_equals_erp_after_the_timing_bridge(clean: Path) -> None:
    """And the bridge is used: without it the two differ."""
    bridged = 0
    for path in sorted((clean / "inbox" / "wms").glob("wms_stock_*.csv")):
        book = files.on_hand(clean / "inbox" / "erp" / path.name.replace("wms_stock", "stock_on_hand"))
        shelf = files.wms(path)
        for key in book.keys() | shelf.keys():
            physical, received, picked = shelf.get(key, (0, 0, 0))
            assert physical - received + picked == book.get(key, 0), (path.name, key)
            bridged += received + picked
    assert bridged > 0


def test_month_end_goods_equal_the_book_but_for_the_bridge(clean: Path, flows: dict) -> None:
    """The truth kept for tests is the truth of the files."""
    truth = pq.read_table(clean / "truth" / "daily_stock.parquet").to_pylist()
    end_units = {
        (row["item_code"], row["warehouse_code"]): row["physical_units"] for row in truth if row["date"] == END
    }
    shelf: Counter = Counter()
    for key, (physical, _, _) in files.wms(clean / "inbox" / "wms" / f"wms_stock_{END:%Y%m%d}.csv").items():
        shelf[key.item, key.warehouse] += physical
    assert {key: units for key, units in end_units.items() if units} == {k: v for k, v in shelf.items() if v}


def test_shipments_are_issues(clean: Path, legs: list[dict]) -> None:
    """Document by document, line by line, the sales system and the ERP say the same."""
    sold = {
        (row["shipment_no"], row["line_no"], row["shipment_date"], row["sku"], row["warehouse"], row["lot"]): -int(
            row["qty"]
        )
        for row in files.all_rows(clean, "sales", "shipments")
    }
    issued = {
        (leg["单据编号"], leg["行号"], leg["单据日期"], leg["存货编码"], leg["仓库编码"], leg["批号"]): leg["signed"]
        for leg in legs
        if leg["单据类型"] in ("销售出库单", "销售退货单")
    }
    assert sold == issued


def test_orders_know_their_shipments(clean: Path) -> None:
    """Shipped so far equals the shipments of the line; shipped plus cancelled never exceeds what was ordered."""
    shipped: Counter = Counter()
    for row in files.all_rows(clean, "sales", "shipments"):
        if row["kind"] == "shipment":
            shipped[row["order_no"], row["order_line"]] += int(row["qty"])
    orders = files.latest(files.all_rows(clean, "sales", "sales_orders"), "order_no", "line_no")
    assert set(shipped) <= set(orders)
    for key, row in orders.items():
        assert int(row["qty_shipped"]) == shipped[key], key
        done = int(row["qty_shipped"]) + int(row["qty_cancelled"])
        assert done <= int(row["qty_ordered"])
        assert (row["closed"] == "Y") == (done == int(row["qty_ordered"])), key


def test_returns_reference_a_shipped_order_line(clean: Path) -> None:
    """A return of goods that were never sold would age wrongly."""
    shipped: Counter = Counter()
    returned: Counter = Counter()
    for row in files.all_rows(clean, "sales", "shipments"):
        counter = returned if row["kind"] == "return" else shipped
        counter[row["order_no"], row["order_line"]] += abs(int(row["qty"]))
    assert returned
    assert all(units <= shipped[key] for key, units in returned.items())


def test_receipts_are_movements_and_orders_know_them(clean: Path, legs: list[dict]) -> None:
    """Posted receipt lines and receipt movements agree; orders count what was posted."""
    lines = files.latest(files.all_rows(clean, "erp", "purchase_receipts"), "入库单号", "行号")
    posted = {key: int(row["实收数量"]) for key, row in lines.items() if row["单据状态"] == "已审核"}
    moved = {(leg["单据编号"], leg["行号"]): leg["signed"] for leg in legs if leg["单据类型"] == "采购入库单"}
    assert posted == moved
    received: Counter = Counter()
    for key, units in posted.items():
        received[lines[key]["采购订单号"], lines[key]["订单行号"]] += units
    orders = files.latest(files.all_rows(clean, "erp", "purchase_orders"), "订单编号", "行号")
    for key, row in orders.items():
        assert int(row["累计入库数量"]) == received[key], key
        assert received[key] <= int(row["数量"])
    assert sum(1 for row in lines.values() if row["单据状态"] == "未审核") <= 30


def test_supply_is_late_and_partial(clean: Path) -> None:
    """Lead times spread, some lines come in parts, some after their date."""
    orders = files.latest(files.all_rows(clean, "erp", "purchase_orders"), "订单编号", "行号")
    parts: defaultdict = defaultdict(list)
    for row in files.latest(files.all_rows(clean, "erp", "purchase_receipts"), "入库单号", "行号").values():
        parts[row["采购订单号"], row["订单行号"]].append(row["入库日期"])
    late = sum(min(days) > orders[key]["计划到货日期"] for key, days in parts.items())
    assert 0.05 < late / len(parts) < 0.9
    assert 0.02 < sum(len(days) > 1 for days in parts.values()) / len(parts) < 0.4


def test_counts_agree_with_the_ledger_at_the_end_of_the_day(clean: Path, flows: dict) -> None:
    """Also where the book moved between freeze and count; small differences are posted the same evening."""
    differing = moved = uncounted = 0
    for path in sorted((clean / "inbox" / "wms").glob("stock_counts_*.xlsx")):
        for row in files.read_workbook(path, header_row=2):
            if row["实盘数量"] is None:
                uncounted += 1
                continue
            key = files.Key(row["存货编码"], row["仓库编码"], row["批号"] or "", "正品")
            days = flows.get(key, {})
            counted_on = row["盘点日期"].date()
            assert row["实盘数量"] == sum(units for day, units in days.items() if day <= counted_on), (path.name, key)
            expected = row["账面数量"] + row["调整入库数量"] - row["调整出库数量"]
            differing += row["实盘数量"] != expected
            assert (row["实盘数量"] != expected) == (row["盈亏单号"] is not None)
            moved += expected != row["账面数量"]
    assert differing > 0 and moved > 0 and uncounted > 0


def test_everything_is_keyed_in_on_its_day(legs: list[dict]) -> None:
    """No late document that was not planted."""
    assert all(leg["制单时间"][:10] == leg["单据日期"] for leg in legs)


def test_nothing_expired_is_on_hand(clean: Path) -> None:
    """Lots are scrapped before their date; some are, so the path is walked."""
    for row in files.read_csv(clean / "inbox" / "erp" / f"stock_on_hand_{END:%Y%m%d}.csv"):
        assert not row["失效日期"] or date.fromisoformat(row["失效日期"]) > END
    reasons = Counter(
        row["备注"] for row in files.all_rows(clean, "erp", "stock_movements") if row["单据类型"] == "报废单"
    )
    assert reasons["过期"] > 0 and reasons["不良品"] > 0


def test_no_row_is_delivered_twice(clean: Path) -> None:
    """A duplicate that nobody planted would be reported."""
    for system, dataset, key in (
        ("erp", "stock_movements", ("单据类型", "单据编号", "行号")),
        ("erp", "stock_transfers", ("调拨单号", "行号")),
        ("sales", "shipments", ("shipment_no", "line_no")),
    ):
        seen = Counter(tuple(row[name] for name in key) for row in files.all_rows(clean, system, dataset))
        assert max(seen.values()) == 1, dataset
    for system, dataset in (("sales", "sales_orders"), ("erp", "purchase_orders"), ("erp", "purchase_receipts")):
        seen = Counter(tuple(row.values()) for row in files.all_rows(clean, system, dataset))
        assert max(seen.values()) == 1, dataset


def test_warehouses_rest_on_sundays_and_at_new_year(legs: list[dict]) -> None:
    """A closed day is no missing day."""
    days = {date.fromisoformat(leg["单据日期"]) for leg in legs}
    assert not any(day.weekday() == 6 for day in days)
    festival = {date(2026, 2, 16) + timedelta(days=n) for n in range(8)}
    assert not days & festival


def test_stockouts_happen_within_reason(clean: Path) -> None:
    """2-8 % of the due order lines are not shipped complete on their requested date, some demand is lost unrecorded."""
    on_time: Counter = Counter()
    orders = files.latest(files.all_rows(clean, "sales", "sales_orders"), "order_no", "line_no")
    for row in files.all_rows(clean, "sales", "shipments"):
        key = row["order_no"], row["order_line"]
        if row["kind"] == "shipment" and row["shipment_date"] <= orders[key]["requested_date"]:
            on_time[key] += int(row["qty"])
    due = [key for key, row in orders.items() if row["requested_date"] <= END.isoformat()]
    short = sum(on_time[key] < int(orders[key]["qty_ordered"]) for key in due) / len(due)
    assert 0.02 <= short <= 0.08
    truth = pq.read_table(clean / "truth" / "demand.parquet")
    lost = [row for row in truth.to_pylist() if row["ordered_units"] == 0]
    assert lost
