"""What other systems print for a ledger, and what this one says in the mode that matches theirs: one line per figure.

Each function takes the vectors' folder and returns lines. A line says `same`, or why the two differ on purpose; the tests hold it to that.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
from ledger_cases import as_table, move, numbered

from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import LedgerTables, compute

SAME = "same"
TRAVELLING, RESETTING = LedgerSettings(), LedgerSettings(ageing="resetting")


@dataclass(frozen=True)
class Line:
    case: str
    mode: str
    theirs: Any
    ours: Any
    verdict: str = SAME


def cents(number: Any) -> float:
    """A value as people print it."""
    return float(Decimal(str(number)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def plain(number: Any) -> float | int:
    """A quantity without needless decimals."""
    return int(number) if number == int(number) else float(number)


def ledger(rows: list[dict[str, Any]], settings: LedgerSettings, as_of: str, **more: Any) -> LedgerTables:
    return compute(
        as_table(numbered(rows)), as_of=date.fromisoformat(as_of), settings=settings, snapshot_dates=[], **more
    )


def layers(tables: LedgerTables) -> list[dict[str, Any]]:
    return tables.open_layers.to_pylist()


def quantities(tables: LedgerTables) -> list[float | int]:
    return [plain(row["quantity_units"]) for row in layers(tables)]


def costs(tables: LedgerTables, kind: str = "out") -> list[float]:
    """Cost of each movement that leaves, positive."""
    return [-cents(row["cost_value"]) for row in tables.movement_costs.to_pylist() if row["quantity_units"] < 0]


def in_buckets(rows: list[dict[str, Any]], as_of: date, upper: list[int], field: str) -> list[float]:
    totals = [Decimal(0)] * (len(upper) + 1)
    for row in rows:
        age = (as_of - row["origin_date"]).days
        totals[next((at for at, bound in enumerate(upper) if age <= bound), len(upper))] += row[field]
    return [cents(total) for total in totals]


# ERPNext, stock ageing ---------------------------------------------------------------------------------------------------------------


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


# ERPNext, valuation ------------------------------------------------------------------------------------------------------------------


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


# Dynamics 365 ------------------------------------------------------------------------------------------------------------------------


def _d365_rows(data: dict[str, Any], grain: str) -> list[dict[str, Any]]:
    rows = []
    for entry in data["transactions"]:
        kind = {"PO": "purchase_receipt", "TO_ship": "transfer_out", "TO_receive": "transfer_in", "SO": "sales_issue"}[
            entry["ref"]
        ]
        paid = Fraction(str(entry["cost"] if entry["cost"] is not None else entry["physical_cost"])) / entry["qty"]
        group = "TO" if kind.startswith("transfer") else None
        where = entry["site"] if grain == "site" else entry["wh"]
        cost = paid if entry["ref"] == "PO" else None
        rows.append(move(entry["date"], kind, entry["qty"], cost, warehouse_id=f"C/{where}", transfer_group_id=group))
    return rows


def _d365_buckets(rows: list[dict[str, Any]], field: str) -> list[float]:
    """May, April, March 2020, as their report cuts them."""
    return [cents(sum((r[field] for r in rows if r["origin_date"].month == month), Decimal(0))) for month in (5, 4, 3)]


def d365_inventory_aging(folder: Path) -> list[Line]:
    data = json.loads((folder / "d365_inventory_aging.json").read_text())
    average = LedgerSettings(ageing="resetting", cost="moving_average")
    lines = []
    for report, grain in zip(data["reports"][:2], ("site", "wh"), strict=True):
        out = ledger(_d365_rows(data, grain), average, report["as_of"])
        for row in report["rows"]:
            here = [r for r in layers(out) if r["warehouse_id"] == f"C/{row[grain]}"]
            label = f"{report['name']}, {grain} {row[grain]}"
            said = "resetting, moving average"
            lines.append(
                Line(f"{label}, units by bucket", said, row["bucket_qty"], _d365_buckets(here, "quantity_units"))
            )
            lines.append(
                Line(f"{label}, value by bucket", said, row["bucket_value"], _d365_buckets(here, "layer_value"))
            )
            lines.append(Line(f"{label}, value", said, row["value"], cents(sum(r["layer_value"] for r in here))))
    answer = data["travelling_age_answer"]
    for grain in ("site", "wh"):
        out = layers(ledger(_d365_rows(data, grain), TRAVELLING, "2020-05-09"))
        lines.append(
            Line(
                f"layers that travel, {grain} grain, total",
                "travelling",
                answer["total"],
                _d365_buckets(out, "quantity_units"),
            )
        )
    for place in ("11", "12", "21"):
        here = [row for row in out if row["warehouse_id"] == f"C/{place}"]
        lines.append(
            Line(
                f"layers that travel, wh {place}",
                "travelling",
                answer[f"wh_{place}"],
                _d365_buckets(here, "quantity_units"),
            )
        )
    reset = data["reports"][1]["total"]["bucket_qty"]
    why = "4 units bought in March are not new because they changed warehouse"
    lines.append(Line("site+warehouse grain, total", "travelling", reset, _d365_buckets(out, "quantity_units"), why))
    return lines + _d365_close(data)


def _d365_close(data: dict[str, Any]) -> list[Line]:
    """The close settles by FIFO; until then issues stand at the running average. So the two modes differ by its adjustments."""
    fifo = ledger(_d365_rows(data, "wh"), TRAVELLING, "2020-05-31")
    average = ledger(_d365_rows(data, "wh"), LedgerSettings(cost="moving_average"), "2020-05-31")
    theirs = data["inventory_value_report"]["after_close"]
    site = [row for row in layers(fifo) if row["warehouse_id"] != "C/21"]
    value = sum(row["layer_value"] for row in site)
    lines = [Line("after close, value of site 1", "fifo", theirs["site1"]["amount"], cents(value))]
    lines.append(Line("after close, average cost of site 1", "fifo", theirs["site1"]["avg"], cents(value / 14)))
    adjusted = [
        cents(a["cost_value"] - b["cost_value"])
        for a, b in zip(*(t.movement_costs.to_pylist() for t in (fifo, average)), strict=True)
    ]
    wanted = theirs["fifo_adjustments"]
    for at, name in ((5, "sales order"), (3, "transfer shipment"), (4, "transfer receive")):
        lines.append(Line(f"adjustment of the close, {name}", "fifo less moving average", wanted[name], adjusted[at]))
    ours = [cents(sum(r["layer_value"] for r in site if r["warehouse_id"] == f"C/{place}")) for place in ("11", "12")]
    printed = [row["value"] for row in data["reports"][2]["rows"][:2]]
    why = "theirs spreads the site's average over warehouses; ours is what the layers that lie there cost"
    lines.append(Line("after close, value of wh 11 and 12", "fifo", printed, ours, why))
    return lines


# Microsoft, costing methods ----------------------------------------------------------------------------------------------------------


def costing_methods_microsoft(folder: Path) -> list[Line]:
    data = json.loads((folder / "costing_methods_microsoft.json").read_text())
    case = data["business_central"]
    lots = [f"R{at}" for at in range(1, 4)]

    def rows(picked: list[int] | None = None) -> list[dict[str, Any]]:
        received = [
            move("2024-01-01", "purchase_receipt", q, cost, lot_no=lots[at] if picked else "")
            for at, (q, cost) in enumerate(case["receipts"])
        ]
        issued = [
            move("2024-01-02", "sales_issue", -q, lot_no=lots[picked[at] - 1] if picked else "")
            for at, q in enumerate(case["issues"])
        ]
        return received + issued

    standard = pa.table({"item_id": ["C/A"], "effective_date": pa.array([date(2024, 1, 1)]), "unit_cost": [15.0]})
    runs: dict[str, tuple[str, LedgerTables]] = {
        "FIFO": ("fifo", ledger(rows(), LedgerSettings(), "2024-01-31")),
        "LIFO": ("lifo, specific", ledger(rows(), LedgerSettings(flow="lifo", cost="specific"), "2024-01-31")),
        "AVERAGE": ("moving average", ledger(rows(), LedgerSettings(cost="moving_average"), "2024-01-31")),
        "STANDARD_15": (
            "standard",
            ledger(rows(), LedgerSettings(cost="standard"), "2024-01-31", standard_costs=standard),
        ),
        "SPECIFIC_applies_to_2_1_3": (
            "specific, a lot per receipt",
            ledger(rows([2, 1, 3]), LedgerSettings(cost="specific"), "2024-01-31"),
        ),
    }
    lines = [
        Line(f"Business Central, {name}", said, case["issue_cost"][name], costs(out))
        for name, (said, out) in runs.items()
    ]
    monthly = ledger(rows(), LedgerSettings(cost="monthly_average"), "2024-01-31")
    lines.append(Line("Business Central, AVERAGE", "monthly average", case["issue_cost"]["AVERAGE"], costs(monthly)))
    for name, (said, out) in runs.items():
        proof = out.conservation.to_pylist()[0]
        ours = [plain(proof["layer_units"]), plain(proof["value_left"])]
        lines.append(
            Line(f"Business Central, {name}, closing", said, [case["closing_qty"], case["closing_value"]], ours)
        )
    return lines + _d365_fifo(data)


def _d365_fifo(data: dict[str, Any]) -> list[Line]:
    without, with_physical, marked = data["d365_fifo"]
    lines = []
    for name, case, received in (
        ("without physical value", without, [(1, 10), (1, 20), (1, 30)]),
        ("with physical value", with_physical, with_physical["receipts"]),
    ):
        rows = [move("2024-01-01", "purchase_receipt", q, cost) for q, cost in received] + [
            move("2024-01-02", "sales_issue", -1)
        ]
        average, fifo = (
            costs(ledger(rows, LedgerSettings(cost=cost), "2024-01-31"))[0] for cost in ("moving_average", "fifo")
        )
        posted = case.get("issue_posted", case.get("issue_posted_running_average"))
        lines.append(Line(f"Dynamics 365 {name}, issue posted", "moving average", posted, average))
        lines.append(
            Line(
                f"Dynamics 365 {name}, adjustment",
                "fifo less moving average",
                case["close_adjustment"],
                cents(fifo - average),
            )
        )
    two = [move("2024-01-01", "purchase_receipt", q, cost) for q, cost in with_physical["receipts"]] + [
        move("2024-01-02", "sales_issue", -2)
    ]
    left = ledger(two, LedgerSettings(), "2024-01-31").conservation.to_pylist()[0]
    lines.append(
        Line(
            "Dynamics 365 with physical value, new average",
            "fifo",
            with_physical["new_running_average"],
            cents(left["value_left"] / 2),
        )
    )
    rows = [
        move("2024-01-01", "purchase_receipt", q, cost, lot_no=f"R{at}")
        for at, (q, cost) in enumerate(marked["receipts"], start=1)
    ]
    rows += [move("2024-01-02", "sales_issue", -1, lot_no="R2"), move("2024-01-03", "sales_issue", -1)]
    out = ledger(rows, LedgerSettings(cost="specific", flow="fefo", lots="named_else_any"), "2024-01-31")
    lines.append(
        Line(
            "Dynamics 365 marking to receipt 2, issue cost",
            "specific, a lot per receipt",
            marked["issue_cost"],
            costs(out)[0],
        )
    )
    left = out.conservation.to_pylist()[0]
    lines.append(
        Line(
            "Dynamics 365 marking, new average",
            "specific, a lot per receipt",
            marked["new_running_average"],
            cents(left["value_left"] / 2),
        )
    )
    return lines


# The rest ----------------------------------------------------------------------------------------------------------------------------


def stock_layers_valuation_monitor_erp(folder: Path) -> list[Line]:
    (case,) = json.loads((folder / "stock_layers_valuation_monitor_erp.json").read_text())["cases"]
    newest = case["receipts_newest_first"]
    # Something older came and went, so that the newest receipts are what is left.
    rows = [move("2023-12-01", "purchase_receipt", 50, 99)]
    rows += [move(f"2024-01-0{at + 1}", "purchase_receipt", q, cost) for at, (q, cost) in enumerate(reversed(newest))]
    rows.append(move("2024-01-09", "sales_issue", -50))
    proof = ledger(rows, TRAVELLING, "2024-01-31").conservation.to_pylist()[0]
    ours = [plain(proof["layer_units"]), plain(proof["value_left"]), plain(proof["value_left"] / proof["layer_units"])]
    return [Line("balance, value, unit value", "fifo", [case["balance"], case["value"], case["unit"]], ours)]


def kpi_seed_examples(folder: Path) -> list[Line]:
    """A year in which stock stands at the average throughout: what is sold is bought again the same day."""
    lines = []
    for case in json.loads((folder / "kpi_seed_examples.json").read_text())["cases"]:
        stock, sold = case["avg_inventory"] * 10_000, case["cogs"] * 10_000
        rows = [move("2024-01-01", "opening", stock, 1)]
        for month in range(1, 11):
            rows.append(move(f"2024-{month:02d}-15", "purchase_receipt", Fraction(sold, 10), 1))
            rows.append(move(f"2024-{month:02d}-15", "sales_issue", -Fraction(sold, 10)))
        out = compute(as_table(numbered(rows)), as_of=date(2024, 12, 31), settings=TRAVELLING)
        cogs = sum(row["cogs_value"] or 0 for row in out.movement_costs.to_pylist())
        points: dict[date, Decimal] = {}
        for row in layers(out):
            points[row["snapshot_date"]] = points.get(row["snapshot_date"], Decimal(0)) + row["layer_value"]
        turnover = cogs / (sum(points.values()) / len(points))
        lines.append(
            Line(
                f"turnover of {case['cogs']} on {case['avg_inventory']} {case['unit']}",
                "fifo",
                case["turnover"],
                plain(turnover),
            )
        )
    return lines


VECTORS: dict[str, Callable[[Path], list[Line]]] = {
    "erpnext_stock_ageing_fifo": erpnext_stock_ageing_fifo,
    "erpnext_valuation_fifo_lifo": erpnext_valuation_fifo_lifo,
    "d365_inventory_aging": d365_inventory_aging,
    "costing_methods_microsoft": costing_methods_microsoft,
    "stock_layers_valuation_monitor_erp": stock_layers_valuation_monitor_erp,
    "kpi_seed_examples": kpi_seed_examples,
}


def page(all_lines: dict[str, list[Line]]) -> str:
    """docs/agreement.md."""
    count = sum(len(lines) for lines in all_lines.values())
    same = sum(line.verdict == SAME for lines in all_lines.values() for line in lines)
    text = [
        "# Agreement with other systems",
        "",
        "What other systems print for a stock ledger, and what this ledger says in the mode that matches theirs. Written by",
        "`tests/unit/ledger/test_ledger_vectors.py`, which fails when this page is stale; rewrite it with `STOCKTURN_WRITE_DOCS=1 pytest",
        "tests/unit/ledger/test_ledger_vectors.py`.",
        "",
        f"{count} figures: {same} the same, {count - same} different on purpose, each with its reason.",
    ]
    for name, lines in all_lines.items():
        text += ["", f"## {name}", "", "| case | mode | theirs | ours | |", "|---|---|---|---|---|"]
        text += [f"| {line.case} | {line.mode} | `{line.theirs}` | `{line.ours}` | {line.verdict} |" for line in lines]
    return "\n".join(text) + "\n"
