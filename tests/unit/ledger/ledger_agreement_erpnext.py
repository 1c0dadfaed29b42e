"""ERPNext's stock ageing and valuation beside ours; one line per figure."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
from ledger_agreement_lines import (
    RESETTING,
    TRAVELLING,
    Line,
    costs,
    in_buckets,
    layers,
    ledger,
    plain,
    quantities,
)
from ledger_cases import as_table, move, numbered

from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import LedgerTables, compute


def _erpnext_rows(entries: list[dict[str, Any]], by_warehouse: bool = False) -> list[dict[str, Any]]:
    """Their report groups by item across warehouses; a reconciliation carries the balance after."""
    rows, held = [], {}
    for entry in entries:
        where = f"C/{entry['warehouse']}" if by_warehouse else "C/ALL"
        quantity = Fraction(str(entry["qty"]))
        if entry["voucher_type"] == "Stock Reconciliation":
            quantity = Fraction(str(entry["qty_after"])) - held.get(entry["warehouse"], Fraction(0))
        held[entry["warehouse"]] = held.get(entry["warehouse"], Fraction(0)) + quantity
        value = entry.get("value_diff")
        cost = Fraction(str(value)) / quantity if value else None
        kind = "count" if entry["voucher_type"] == "Stock Reconciliation" else "stock"
        names = {"count": ("count_gain", "count_loss"), "stock": ("purchase_receipt", "sales_issue")}[kind]
        rows.append(
            move(entry["date"], names[quantity < 0], quantity, cost, warehouse_id=where, lot_no=entry.get("batch", ""))
        )
    return rows


def _as_group(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The last two rows as legs of one document."""
    for row in rows[-2:]:
        row["movement_type"] = f"{kind}_{'in' if row['quantity_units'] > 0 else 'out'}"
        row["transfer_group_id"] = "R1"
    return rows


def erpnext_stock_ageing_fifo(folder: Path) -> list[Line]:
    data = json.loads((folder / "erpnext_stock_ageing_fifo.json").read_text())
    case = {entry["name"]: entry for entry in data["cases"]}
    lines: list[Line] = []
    day = "2021-12-10"

    name = "normal_inward_outward_queue"
    out = ledger(_erpnext_rows(case[name]["ledger"]), RESETTING, day)
    want = case[name]["expected"]
    lines.append(
        Line(name, "resetting", [want["total_qty"], want["queue_head_qty"]], [sum(quantities(out)), quantities(out)[0]])
    )
    value = in_buckets(layers(out), date(2021, 12, 10), [30, 60, 90], "layer_value")[0]
    lines.append(Line(f"{name}, value 0-30 days", "resetting", want["value_in_bucket"]["0-30"], value))

    name = "basic_stock_reconciliation"
    rows = _erpnext_rows(case[name]["ledger"])
    want = case[name]["expected"]
    lines.append(Line(name, "resetting", want["queue_qtys"], quantities(ledger(rows, RESETTING, day))))
    dates = [
        [row["origin_date"].isoformat() for row in layers(ledger(rows, mode, day))] for mode in (RESETTING, TRAVELLING)
    ]
    lines.append(
        Line(
            f"{name}, dates",
            "travelling",
            dates[0],
            dates[1],
            "a count that finds more of known stock does not make it new",
        )
    )

    name = "sequential_stock_reco_different_warehouse"
    want = case[name]["expected"]
    out = ledger(_erpnext_rows(case[name]["ledger"], by_warehouse=True), RESETTING, day)
    lines.append(Line(name, "resetting", want["queue_qtys"], quantities(out)))
    balances = {row["warehouse_id"][2:]: plain(row["layer_units"]) for row in out.conservation.to_pylist()}
    lines.append(Line(f"{name}, balances", "resetting", want["per_warehouse_balance"], balances))

    name = "repack_entry_same_item_overconsume"
    rows = _as_group(_erpnext_rows(case[name]["ledger"]), "conversion")
    lines.append(
        Line(name, "resetting", case[name]["expected"]["queue_qtys"], quantities(ledger(rows, RESETTING, day)))
    )
    name = "repack_entry_same_item_overproduce"
    want = case[name]["expected"]
    rows = _as_group(_erpnext_rows(case[name]["ledger"]), "conversion")
    out = ledger(rows, RESETTING, day)
    lines.append(Line(f"{name}, sum", "resetting", want["queue_sum"], sum(quantities(out))))
    lines.append(
        Line(
            name, "resetting", want["queue_qtys"], quantities(out),
            "50 units became 100: all 100 come from the 50, with their date and value; ERPNext calls the surplus new",
        )
    )  # fmt: skip

    name = "negative_stock_same_voucher_step1"
    want = case[name]["expected"]
    out = ledger(_erpnext_rows(case[name]["ledger"]), RESETTING, day)
    lines.append(Line(f"{name}, balance", "resetting", want["queue_head_qty"], sum(quantities(out))))
    lines.append(
        Line(f"{name}, what waits", "resetting", want["transfer_bucket_left_qtys"], [-q for q in quantities(out)])
    )

    name = "precision"
    out = ledger(_erpnext_rows(case[name]["ledger"]), RESETTING, day)
    lines.append(
        Line(
            name,
            "resetting",
            case[name]["expected"]["total_qty"],
            float(sum(row["quantity_units"] for row in layers(out))),
        )
    )

    lines += _batches(case)

    name = "average_age_of_one_layer"
    want = case[name]["expected"]
    ((lot, quantity, when, value),) = want["layers_in"]
    out = ledger([move(when, "purchase_receipt", quantity, Fraction(value, quantity), lot_no=lot)], RESETTING, day)
    lines.append(
        Line(name, "resetting", want["average_age_days"], (date(2021, 12, 10) - layers(out)[0]["origin_date"]).days)
    )

    name = "serial_transfer_replay"
    rows = [
        move("2021-12-01", "purchase_receipt", 2, 10),
        move("2021-12-05", "transfer_out", -2, transfer_group_id="T"),
    ]
    rows += [
        move("2021-12-05", "transfer_in", 1, lot_no=lot, transfer_group_id="T", warehouse_id="C/W2")
        for lot in ("SN-A", "SN-B")
    ]
    lines.append(
        Line(name, "travelling", case[name]["expected"]["layers"], _batch_layers(ledger(rows, TRAVELLING, day)))
    )
    return lines + _markdown_cases(data)


def _batch_layers(tables: LedgerTables) -> list[list[Any]]:
    return [
        [row["lot_no"], plain(row["quantity_units"]), row["origin_date"].isoformat(), plain(row["layer_value"])]
        for row in layers(tables)
    ]


def _batches(case: dict[str, Any]) -> list[Line]:
    lines = []
    for name in ("batchwise_valuation", "batchwise_negative_same_voucher_1", "batchwise_negative_non_head"):
        want = case[name]["expected"]
        shared = tuple(lot for lot, own in want["batch_own_valuation"].items() if not own)
        mode = LedgerSettings(ageing="resetting", shared_lots=shared)
        out = ledger(_erpnext_rows(case[name]["ledger"]), mode, "2021-12-10")
        said = "resetting, shared lots" if shared else "resetting"
        lines.append(Line(name, said, sorted(want["layers"]), sorted(_batch_layers(out))))
        if "qty_by_bucket" in want:
            for field, key in (("quantity_units", "qty_by_bucket"), ("layer_value", "value_by_bucket")):
                ours = in_buckets(layers(out), date(2021, 12, 10), want["bucket_upper_days"], field)
                lines.append(Line(f"{name}, {key}", said, want[key], ours))
    return lines


def _markdown_cases(data: dict[str, Any]) -> list[Line]:
    lines = []
    for case in data["fifo_logic_md"]:
        entries = [(when, quantity) for when, quantity in case["ledger"]]
        rows = [move(when, "purchase_receipt" if q > 0 else "sales_issue", q, 1) for when, q in entries]
        if "queue" in case:
            ours = [
                [plain(r["quantity_units"]), r["origin_date"].isoformat()]
                for r in layers(ledger(rows, RESETTING, "2021-12-10"))
            ]
            lines.append(Line(case["name"], "resetting", case["queue"], ours))
            continue
        for at, queue in enumerate(case["queue_after_each"], start=1):
            out = layers(ledger(rows[:at], RESETTING, "2021-12-10"))
            lines.append(
                Line(
                    f"{case['name']}, {at}",
                    "resetting",
                    [q for q, _ in queue],
                    [plain(r["quantity_units"]) for r in out],
                )
            )
        theirs = [queue[0][1] for queue in case["queue_after_each"] if queue[0][0] < 0]
        ours = [layers(ledger(rows[:at], RESETTING, "2021-12-10"))[0]["origin_date"].isoformat() for at in (2, 3)]
        why = (
            "a negative keeps the day of the issue that made it; ERPNext re-dates it to the last entry that touched it"
        )
        lines.append(Line(f"{case['name']}, dates of the negative", "resetting", theirs, ours, why))
    return lines


def erpnext_valuation_fifo_lifo(folder: Path) -> list[Line]:
    data = json.loads((folder / "erpnext_valuation_fifo_lifo.json").read_text())
    lines = []
    for case in data["cases"]:
        mode = (
            LedgerSettings(flow="lifo", cost="specific")
            if case["method"] == "LIFO"
            else LedgerSettings(cost="specific")
        )
        by_rate = any(op[0] == "out" and len(op) > 2 for op in case["ops"])
        rows = [move("2024-01-01", "sales_issue", q, rate) for q, rate in case["start"]]
        for op in case["ops"]:
            rate = op[2] if len(op) > 2 else None
            lot = f"at {rate}" if by_rate else ""
            kind = "purchase_receipt" if op[0] == "in" else "sales_issue"
            rows.append(move("2024-01-02", kind, Fraction(str(op[1])) * (1 if op[0] == "in" else -1), rate, lot_no=lot))
        table = as_rough_table(numbered(rows))
        out = compute(table, as_of=date(2024, 1, 31), settings=mode, snapshot_dates=[])
        said = f"{case['method'].lower()}, specific" + (", a lot per rate" if by_rate else "")
        name = case["name"]
        if "total_qty" in case:
            lines.append(Line(f"{name}, quantity", said, case["total_qty"], plain(sum(quantities(out)))))
        if "queue" in case:
            ours: dict[float, float] = {}
            for row in layers(out):
                ours[plain(row["unit_cost"])] = ours.get(plain(row["unit_cost"]), 0) + plain(row["quantity_units"])
            lines.append(Line(f"{name}, queue by rate", said, case["queue"], [[q, rate] for rate, q in ours.items()]))
        if name == "merge_new_stock":
            why = "two receipts stay two layers, each with its document; ERPNext merges equal rates"
            lines.append(Line(f"{name}, layers", said, len(case["queue"]), len(layers(out)), why))
        consumed = case.get("consumed_per_out") or ([case["consumed_last"]] if "consumed_last" in case else [])
        if consumed:
            theirs = [float(sum(q * rate for q, rate in bins)) for bins in consumed]
            lines.append(Line(f"{name}, cost of issues", said, theirs, costs(out)))
    return lines


def as_rough_table(rows: list[dict[str, Any]]) -> pa.Table:
    """The rows with quantities of nine decimals, which the ledger rounds to six."""
    exact = as_table([{**row, "quantity_units": Fraction(1)} for row in rows])
    scaled = [Decimal(int(row["quantity_units"] * 10**9)).scaleb(-9) for row in rows]
    at = exact.column_names.index("quantity_units")
    return exact.set_column(at, "quantity_units", pa.array(scaled, pa.decimal128(30, 9)))
