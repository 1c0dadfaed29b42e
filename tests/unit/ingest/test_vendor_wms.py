"""Warehouse systems: physical stock by bin, status and owner, with counts; they keep no ledger that it could be held against."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from vendors import kit, modernwms


def test_modernwms_comes_out_by_bin_status_and_owner(tmp_path: Path):
    found = kit.land(modernwms, tmp_path)
    for contract, report in found.reports.items():
        assert report.refusals == () and report.is_closed, contract
        excluded = sum(batch.rows_excluded for batch in report.batches)
        assert (excluded, report.rows_quarantined) == modernwms.COUNTS.get(contract, (0, 0)), contract
    for sql, expected in modernwms.QUERIES.items():
        assert sorted(found.texts(sql)) == kit.lines(expected), sql


ITEMS = [
    {"itemCode": "A", "warehouseCode": "W1", "ownerCode": "ME", "inventoryType": "ZP", "quantity": 12, "lockQuantity": 2},
    {"itemCode": "A", "warehouseCode": "W1", "ownerCode": "ME", "inventoryType": "CC", "quantity": 1, "lockQuantity": 0},
    {"itemCode": "A", "warehouseCode": "W1", "ownerCode": "ME", "inventoryType": "XS", "quantity": 3, "batchCode": "B1"},
    {"itemCode": "A", "warehouseCode": "W1", "ownerCode": "ME", "inventoryType": "ZT", "quantity": 5},
    {"itemCode": "B", "warehouseCode": "W1", "ownerCode": "YOU", "inventoryType": "ZP", "quantity": 4, "expireDate": "2024-12-31"},
    {"itemCode": "B", "warehouseCode": "W1", "ownerCode": "ME", "inventoryType": "??", "quantity": 4},
]  # fmt: skip


def test_qimen_answers_are_rows_by_kind_of_stock(make_company):
    company = make_company(mapping="", timezone="Asia/Shanghai")
    company.source = company.source.model_copy(update={"mapping": "qimen", "parameters": {"own_code": "ME"}})
    answer = {"response": {"flag": "success", "totalCount": 6, "items": {"item": ITEMS}}}
    company.write("inventory_20240331.json", json.dumps(answer))
    report = company.read("wms_stock")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (6, 5, 1)
    assert company.query(
        "select item_code, lot_no, stock_status, owner_type, owner_code, physical_units::int, locked_units::int "
        "from landing.wms_stock order by source_row"
    ) == [
        ("A", "", "available", "own", "", 12, 2),
        ("A", "", "defective", "own", "", 1, 0),
        ("A", "B1", "defective", "own", "", 3, None),
        ("A", "", "in_transit", "own", "", 5, None),
        ("B", "", "available", "customer", "YOU", 4, None),
    ]
    assert company.query("select distinct as_of_date from landing.wms_stock") == [(dt.date(2024, 3, 31),)]
    assert [row[1:3] for row in company.quarantine()] == [(6, "unknown_code")]


def test_jushuitan_answers_are_rows_by_kind_of_stock_of_the_warehouse_that_was_asked_for(make_company):
    company = make_company(mapping="", timezone="Asia/Shanghai")
    company.source = company.source.model_copy(update={"mapping": "jushuitan", "parameters": {"warehouse": "10231"}})
    rows = [
        {"sku_id": "A-1", "i_id": "A", "qty": 12, "order_lock": 2, "pick_lock": 1, "virtual_qty": 50, "purchase_qty": 30,
         "return_qty": 1, "in_qty": 0, "defective_qty": 3, "modified": "2024-03-31 10:00:00", "ts": 1},
        {"sku_id": "A-2", "i_id": "A", "qty": 0, "order_lock": 0, "virtual_qty": 9, "in_qty": 4, "defective_qty": 0, "return_qty": None},
    ]  # fmt: skip
    company.write("inventory_20240331.json", json.dumps({"code": 0, "data": {"has_next": False, "inventorys": rows}}))
    report = company.read("wms_stock")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (2, 2, 0)
    assert company.query(
        "select item_code, warehouse_code, stock_status, physical_units::int, locked_units::int from landing.wms_stock order by 1, 3"
    ) == [
        ("A-1", "10231", "available", 12, 2), ("A-1", "10231", "defective", 3, None), ("A-1", "10231", "returned", 1, None),
        ("A-2", "10231", "available", 0, 0), ("A-2", "10231", "qc", 4, None),
    ]  # fmt: skip


def test_wangdiantong_answers_are_rows_by_bin_and_defect(make_company):
    company = make_company(mapping="", timezone="Asia/Shanghai")
    company.source = company.source.model_copy(update={"mapping": "wangdiantong"})
    rows = [
        {"spec_no": "T01", "warehouse_no": "WH1", "stock_num": "8.0000", "lock_num": "1.0000", "order_num": "2.0000",
         "position_no": "A-01", "defect": 0},
        {"spec_no": "T01", "warehouse_no": "WH1", "stock_num": "1.0000", "lock_num": "0", "order_num": None, "position_no": "Z-01",
         "defect": 1},
        {"spec_no": "T02", "warehouse_no": "WH1", "stock_num": "1", "lock_num": "0", "order_num": "0", "position_no": "", "defect": 7},
    ]  # fmt: skip
    company.write("stock_20240331.json", json.dumps({"code": 0, "total_count": 3, "stocks": rows}))
    report = company.read("wms_stock")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (3, 2, 1)
    assert company.query(
        "select item_code, location_code, stock_status, physical_units::int, locked_units::int from landing.wms_stock order by 2"
    ) == [("T01", "A-01", "available", 8, 3), ("T01", "Z-01", "defective", 1, 0)]
    assert [row[1:3] for row in company.quarantine()] == [(3, "unknown_code")]
