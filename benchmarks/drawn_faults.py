"""How many faults are seen, and how many causes are right, on faults that no rule was written for (`fault_grammar`).

Worlds of one simulated company, each with a few drawn faults, go through the stages that can find one. A finding belongs to a
fault when it names its file, or its items where the fault is in rows, and was not there in the clean company. Counted: faults
seen among those that move a published figure, faults whose cause is named, and findings of severity critical or warning whose
cause belongs to no fault near them. Intervals: Wilson, 95 %.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.companies import configure_demo
from benchmarks.examination import examine, rows
from benchmarks.fault_grammar import Fault, draw_faults
from benchmarks.recording import save_result
from demo.delivery import build_extracts
from demo.settings import DEFAULT_END, DemoSettings
from demo.world import run_world
from demo.writing import write_extract

# Causes that any fault of its kind brings with it: symptoms, which join the incident of their cause.
SYMPTOMS = frozenset({
    "negative_stock", "ledger_book_mismatch", "shrink", "surplus", "unposted_receipt", "unposted_shipment", "late_document",
    "quarantined_row", "duplicate_row", "missing_file",
})  # fmt: skip
FIGURES = """
select b.item_id, b.warehouse_id, b.on_hand_units, coalesce(d.demand_units, 0) as demand_units, coalesce(c.cogs, 0) as cogs
from intermediate.int_item_warehouse_balances b
left join (select item_id, warehouse_id, sum(demand_units) as demand_units from intermediate.int_demand_daily group by all) d
  using (item_id, warehouse_id)
left join (select item_id, warehouse_id, sum(quantity_units * coalesce(unit_cost, 0)) as cogs
           from intermediate.int_stock_movements where quantity_units < 0 group by all) c using (item_id, warehouse_id)
where b.valid_to_date = (select as_of_date from control.run_parameters)
"""
MOVES_RATE = 0.001


@dataclass
class Tally:
    """What the worlds came to."""

    drawn: int = 0
    moving: int = 0
    seen: int = 0
    seen_moving: int = 0
    named: int = 0
    alarms: int = 0
    false_causes: int = 0
    by_operation: dict[str, Counter[str]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)


def main(arguments: list[str]) -> dict[str, Any]:
    """Draw, examine, print a table by operation and what was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks drawn_faults")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--per-world", type=int, default=5)
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--days", type=int, default=150)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--save", action="store_true", help="keep the figures in benchmarks/results")
    chosen = parser.parse_args(arguments)
    started, worked = time.perf_counter(), time.process_time()
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "clean"
        settings = DemoSettings(
            seed=chosen.seed, items=chosen.items, days=chosen.days, daily_from=DEFAULT_END - timedelta(days=59)
        )
        for extract in build_extracts(run_world(settings), {}):
            write_extract(world / "demo" / "inbox", extract)
        clean = _examined(world)
        number = 0
        while tally.drawn < chosen.draws:
            number += 1
            spoilt = Path(folder) / f"world_{number}"
            shutil.copytree(world / "demo", spoilt / "demo")
            wanted = min(chosen.per_world, chosen.draws - tally.drawn)
            faults = draw_faults(spoilt / "demo" / "inbox", DEFAULT_END, chosen.seed + number, wanted)
            count(tally, faults, clean, _examined(spoilt))
            shutil.rmtree(spoilt)
            print(
                f"world {number}: {tally.drawn} drawn, {tally.seen} seen, {tally.named} named, {tally.false_causes} false",
                flush=True,
            )
    for operation, counts in sorted(tally.by_operation.items()):
        print(f"{operation:24} drawn {counts['drawn']:3} seen {counts['seen']:3} named {counts['named']:3}")
    for line in [*tally.missed, *tally.false]:
        print(line)
    figures = {
        "draws": tally.drawn,
        "moving": tally.moving,
        "seen_of_moving": _share(tally.seen_moving, tally.moving),
        "seen": _share(tally.seen, tally.drawn),
        "cause_named": _share(tally.named, tally.drawn),
        "alarms": tally.alarms,
        "false_causes": _share(tally.false_causes, tally.alarms),
        "by_operation": {name: dict(counts) for name, counts in sorted(tally.by_operation.items())},
        "seconds": round(time.perf_counter() - started),
        "cpu_seconds": round(time.process_time() - worked),
    }
    if chosen.save:
        save_result("drawn_faults", figures, seed=chosen.seed, packages=["duckdb", "dbt-core", "numpy"])
    return figures


def _examined(folder: Path) -> tuple[list[dict[str, Any]], dict[tuple[str, str], tuple[float, ...]]]:
    settings = configure_demo(folder)
    examine(settings, DEFAULT_END)
    figures = {
        (row["item_id"], row["warehouse_id"]): tuple(
            float(row[name] or 0) for name in ("on_hand_units", "demand_units", "cogs")
        )
        for row in rows(settings, FIGURES)
    }
    return rows(settings, "select * from marts.fct_findings order by finding_id"), figures


def count(tally: Tally, faults: list[Fault], clean: tuple, spoilt: tuple) -> None:
    """Add one world: its faults against the findings that the clean company does not have."""
    known = {finding["finding_id"] for finding in clean[0]}
    fresh = [finding for finding in spoilt[0] if finding["finding_id"] not in known]
    for fault in faults:
        near = [finding for finding in fresh if _is_near(fault, finding)]
        named = [finding for finding in near if finding["rule_id"] in fault.accepts]
        moves = _moves(fault, clean[1], spoilt[1])
        counts = tally.by_operation.setdefault(fault.operation, Counter())
        counts["drawn"] += 1
        tally.drawn += 1
        tally.moving += moves
        tally.seen += bool(near)
        tally.seen_moving += bool(near) and moves
        tally.named += bool(named)
        counts["seen"] += bool(near)
        counts["named"] += bool(named)
        if not named:
            found = sorted({finding["rule_id"] for finding in near}) or ["nothing"]
            tally.missed.append(f"missed: {fault.operation}, {fault.what}: {', '.join(found)}")
    accepted = {rule for fault in faults for rule in fault.accepts} | SYMPTOMS
    for finding in fresh:
        if finding["severity"] == "info":
            continue
        tally.alarms += 1
        if finding["rule_id"] not in accepted:
            tally.false_causes += 1
            tally.false.append(f"false: {finding['rule_id']}, {finding['explanation']}")


def _is_near(fault: Fault, finding: dict[str, Any]) -> bool:
    """The finding is about the fault's file, its items, or its day and place."""
    if finding["source_file"] and Path(finding["source_file"]).name == fault.file and not finding["item_id"]:
        return True
    if finding["item_id"]:
        return finding["item_id"].split("/")[1] in fault.items
    return finding["business_date"] == fault.day


def _moves(fault: Fault, clean: dict, spoilt: dict) -> bool:
    """A figure of an item that the fault touched differs by more than 0.1 %."""
    for key, before in clean.items():
        if fault.items and key[0].split("/")[1] not in fault.items:
            continue
        after = spoilt.get(key, (0.0, 0.0, 0.0))
        if any(abs(a - b) > MOVES_RATE * max(abs(b), 1e-9) for a, b in zip(after, before, strict=True)):
            return True
    return False


def _share(part: int, whole: int) -> dict[str, Any]:
    """A share with its Wilson interval of 95 %."""
    if not whole:
        return {"share": None, "of": 0}
    z, rate = 1.959964, part / whole
    middle = (rate + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * float(np.sqrt(rate * (1 - rate) / whole + z * z / (4 * whole * whole))) / (1 + z * z / whole)
    return {"share": round(rate, 4), "low": round(middle - half, 4), "high": round(middle + half, 4), "of": whole}


if __name__ == "__main__":
    main([])
