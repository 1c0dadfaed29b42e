"""Dynamics 365 and Business Central beside ours: ageing by site and warehouse, the close, costing methods."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
from ledger_agreement_lines import (
    TRAVELLING,
    Line,
    cents,
    costs,
    layers,
    ledger,
    plain,
)
from ledger_cases import move

from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import LedgerTables


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
    """The close settles by FIFO; until then issues are at the running average. So the two modes differ by its adjustments."""
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
