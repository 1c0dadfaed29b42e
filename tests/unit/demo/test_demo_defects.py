"""Every planted defect is in the files where the answer sheet says, and the files hold no difference beyond it."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from datetime import date
from itertools import accumulate
from pathlib import Path

import pytest

from demo.findings import SEVERITY
from demo.simulate import DemoSummary

_spec = importlib.util.spec_from_file_location("demo_files", Path(__file__).with_name("demo_files.py"))
assert _spec is not None and _spec.loader is not None
files = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(files)

END = date(2026, 6, 30)
ONCE = {"missing_movement_day"}
# what the demo company plants of its own accord; the further kinds of SEVERITY are injected by the fault catalogue
PLANTED = {
    "duplicate_file", "duplicate_row", "quarantined_row", "reused_code", "missing_movement_day", "unit_of_measure_mix",
    "sign_flip", "unposted_receipt", "wrong_warehouse", "duplicate_posting", "negative_stock", "late_document", "shrink",
    "ledger_book_mismatch", "expired_stock",
}  # fmt: skip
SHELF_DIFFERS = {
    "unit_of_measure_mix",
    "sign_flip",
    "duplicate_posting",
    "wrong_warehouse",
    "unposted_receipt",
    "shrink",
    "ledger_book_mismatch",
}


@pytest.fixture(scope="module")
def sheet(damaged: DemoSummary) -> list[dict]:
    return json.loads((damaged.out_dir / "truth" / "expected_findings.json").read_text(encoding="utf-8"))


def damaged_keys(sheet: list[dict]) -> set[tuple[str, str]]:
    """Source file and row of what a reader must not understand."""
    return {(row["source_file"], row["source_row"]) for row in sheet if row["rule_id"] == "quarantined_row"}


def ledger(out: Path, sheet: list[dict]) -> list[dict]:
    """Movements as a correct reader lands them: without unreadable rows, repeated rows and resent files."""
    unreadable = damaged_keys(sheet)
    legs, seen = [], set()
    for path in sorted((out / "inbox" / "erp").glob("stock_movements_*.csv")):
        for number, row in enumerate(files.read_csv(path), start=2):
            key = row["单据类型"], row["单据内码"], row["行号"]
            if row["单据状态"] != "已审核" or (path.name, number) in unreadable or key in seen:
                continue
            seen.add(key)
            grain = files.Key(row["存货编码"], row["仓库编码"], row["批号"], row["库存状态"])
            legs.append({**row, "signed": int(row["数量"]) * (1 if row["方向"] == "入" else -1), "key": grain})
    return legs + files.transfers(out)


def test_every_kind_is_planted_at_least_twice(sheet: list[dict]) -> None:
    kinds = Counter(rule for rule, _ in {(row["rule_id"], row["defect_id"]) for row in sheet if row["is_required"]})
    assert set(kinds) == PLANTED <= set(SEVERITY)
    assert {rule for rule, count in kinds.items() if count < 2} <= ONCE


def test_victims_do_not_overlap(sheet: list[dict]) -> None:
    """Two defects on one item would leave a difference with two causes."""
    owners: dict[str, set[str]] = {}
    for row in sheet:
        if (
            row["is_required"]
            and row["item_code"]
            and row["rule_id"] in SHELF_DIFFERS | {"reused_code", "late_document"}
        ):
            owners.setdefault(row["item_code"], set()).add(row["defect_id"])
    assert all(len(defects) == 1 for defects in owners.values()), owners


def test_file_and_row_hold_what_the_sheet_says(damaged: DemoSummary, sheet: list[dict]) -> None:
    checked = 0
    for row in sheet:
        if row["source_row"] is None:
            continue
        path = damaged.out_dir / "inbox" / row["source_system"] / row["source_file"]
        if path.suffix == ".xlsx":
            line = [str(cell) for cell in files.read_workbook(path, header_row=2)[row["source_row"] - 3].values()]
        else:
            line = list(files.read_csv(path)[row["source_row"] - 2].values())
        if row["item_code"]:
            assert row["item_code"] in line, row
        if row["doc_no"]:
            assert row["doc_no"] in line, row
        checked += 1
    assert checked >= 25


def test_ledger_and_erp_part_only_where_planted(damaged: DemoSummary, sheet: list[dict]) -> None:
    """The ERP's balance is the sum of its postings, wrong ones included: what parts ledger and ERP is the delivery."""
    explained = {
        (row["item_code"], row["warehouse_code"])
        for row in sheet
        if row["rule_id"] in ("ledger_book_mismatch", "missing_movement_day")
        or "ledger_book_mismatch" in row["also_acceptable_rules"]
    }
    book = files.on_hand(damaged.out_dir / "inbox" / "erp" / f"stock_on_hand_{END:%Y%m%d}.csv")
    balances = files.balances_at(files.flows_of(ledger(damaged.out_dir, sheet)), END)
    parted = {
        (key.item, key.warehouse) for key in book.keys() | balances.keys() if book.get(key, 0) != balances.get(key, 0)
    }
    assert parted <= explained
    missing_positions = {
        (row["item_code"], row["warehouse_code"])
        for row in sheet
        if row["rule_id"] == "missing_movement_day" and row["item_code"]
    }
    assert len(parted & missing_positions) > 0.8 * len(missing_positions)


def test_erp_and_wms_part_by_exactly_the_planted_variances(damaged: DemoSummary, sheet: list[dict]) -> None:
    """variance = physical - book after the bridge, by item and warehouse; nothing else differs."""
    expected: Counter = Counter()
    for row in sheet:
        if row["is_required"] and row["rule_id"] in SHELF_DIFFERS:
            expected[row["item_code"], row["warehouse_code"]] += row["variance_units"]
    found: Counter = Counter()
    for key, units in files.on_hand(damaged.out_dir / "inbox" / "erp" / f"stock_on_hand_{END:%Y%m%d}.csv").items():
        found[key.item, key.warehouse] -= units
    shelf = files.wms(damaged.out_dir / "inbox" / "wms" / f"wms_stock_{END:%Y%m%d}.csv")
    for key, (physical, received, picked) in shelf.items():
        found[key.item, key.warehouse] += physical - received + picked
    assert {key: units for key, units in found.items() if units} == dict(expected)


def test_negative_books_are_the_listed_ones(damaged: DemoSummary, sheet: list[dict]) -> None:
    listed = {(row["item_code"], row["warehouse_code"]) for row in sheet if row["rule_id"] == "negative_stock"}
    negative = {
        (key.item, key.warehouse)
        for key, days in files.flows_of(ledger(damaged.out_dir, sheet)).items()
        if min(accumulate(units for _, units in sorted(days.items()))) < 0
    }
    assert negative == listed


def test_missing_day_is_not_delivered_and_known_elsewhere(damaged: DemoSummary, sheet: list[dict]) -> None:
    (day,) = {row["business_date"] for row in sheet if row["rule_id"] == "missing_movement_day" and row["is_required"]}
    legs = ledger(damaged.out_dir, sheet)
    assert day not in {leg["单据日期"] for leg in legs}
    stamp = day.replace("-", "")
    assert (damaged.out_dir / "inbox" / "sales" / f"shipments_{stamp}.csv").is_file()
    assert (damaged.out_dir / "inbox" / "erp" / f"stock_on_hand_{stamp}.csv").is_file()


def test_resent_files_are_byte_identical(damaged: DemoSummary, sheet: list[dict]) -> None:
    resent = [row for row in sheet if row["rule_id"] == "duplicate_file"]
    for row in resent:
        folder = damaged.out_dir / "inbox" / row["source_system"]
        assert (folder / row["source_file"]).read_bytes() == (folder / row["note"]).read_bytes()


def test_unit_mix_is_the_receipt_divided_by_the_pack(damaged: DemoSummary, sheet: list[dict]) -> None:
    packs = {row["存货编码"]: int(row["包装倍数"]) for row in files.all_rows(damaged.out_dir, "erp", "item_master")}
    receipts = files.all_rows(damaged.out_dir, "erp", "purchase_receipts")
    for row in (row for row in sheet if row["rule_id"] == "unit_of_measure_mix"):
        path = damaged.out_dir / "inbox" / "erp" / row["source_file"]
        posted = files.read_csv(path)[row["source_row"] - 2]
        line = next(r for r in receipts if (r["入库单号"], r["行号"]) == (posted["单据编号"], posted["行号"]))
        assert int(line["实收数量"]) == int(posted["数量"]) * packs[row["item_code"]]
        assert row["variance_units"] == int(line["实收数量"]) - int(posted["数量"])


def test_flipped_signs_raise_the_book(damaged: DemoSummary, sheet: list[dict]) -> None:
    for row in (row for row in sheet if row["rule_id"] == "sign_flip"):
        posted = files.read_csv(damaged.out_dir / "inbox" / "erp" / row["source_file"])[row["source_row"] - 2]
        assert (posted["单据类型"], posted["方向"], posted["红字"]) == ("销售出库单", "出", "否")
        assert int(posted["数量"]) < 0


def test_late_documents_were_keyed_weeks_later(damaged: DemoSummary, sheet: list[dict]) -> None:
    for row in (row for row in sheet if row["rule_id"] == "late_document"):
        posted = files.read_csv(damaged.out_dir / "inbox" / "erp" / row["source_file"])[row["source_row"] - 2]
        delay = date.fromisoformat(posted["制单时间"][:10]) - date.fromisoformat(posted["单据日期"])
        assert delay.days >= 14


def test_unposted_receipts_are_old_and_without_movement(damaged: DemoSummary, sheet: list[dict]) -> None:
    numbers = {leg["单据编号"] for leg in ledger(damaged.out_dir, sheet) if leg["单据类型"] == "采购入库单"}
    statuses = set()
    for row in (row for row in sheet if row["rule_id"] == "unposted_receipt"):
        line = files.read_csv(damaged.out_dir / "inbox" / "erp" / row["source_file"])[row["source_row"] - 2]
        statuses.add(line["单据状态"])
        assert (END - date.fromisoformat(row["business_date"])).days >= 10
        moved = [
            leg
            for leg in ledger(damaged.out_dir, sheet)
            if leg.get("单据编号") == row["doc_no"] and leg["存货编码"] == row["item_code"]
        ]
        assert not moved
    assert statuses == {"已审核", "未审核"} and numbers


def test_reused_codes_mean_another_thing(damaged: DemoSummary, sheet: list[dict]) -> None:
    before, after = (
        {row["存货编码"]: row for row in files.read_csv(path)}
        for path in sorted((damaged.out_dir / "inbox" / "erp").glob("item_master_*.csv"))
    )
    reused = {row["item_code"] for row in sheet if row["rule_id"] == "reused_code"}
    changed = {
        code
        for code in before.keys() & after.keys()
        if any(before[code][name] != after[code][name] for name in ("存货名称", "分类名称", "主计量单位"))
    }
    assert changed == reused


def test_expired_lots_lie_in_every_system(damaged: DemoSummary, sheet: list[dict]) -> None:
    book = files.read_csv(damaged.out_dir / "inbox" / "erp" / f"stock_on_hand_{END:%Y%m%d}.csv")
    expired = {
        (row["存货编码"], row["仓库编码"]) for row in book if row["失效日期"] and row["失效日期"] < END.isoformat()
    }
    assert expired == {(row["item_code"], row["warehouse_code"]) for row in sheet if row["rule_id"] == "expired_stock"}
