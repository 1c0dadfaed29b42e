"""Every vector of other systems by name, and the page that tells of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from ledger_agreement_dynamics import costing_methods_microsoft, d365_inventory_aging
from ledger_agreement_erpnext import erpnext_stock_ageing_fifo, erpnext_valuation_fifo_lifo
from ledger_agreement_lines import (
    SAME,
    TRAVELLING,
    Line,
    layers,
    ledger,
    plain,
)
from ledger_cases import as_table, move, numbered

from assets.ledger.stage import compute


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
    """A year in which stock is at the average throughout: what is sold is bought again the same day."""
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
