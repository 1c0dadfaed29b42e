"""How many faults are seen, and how many causes are right, on faults that no rule was written for (`fault_grammar`).

Worlds of one simulated company, each with a few drawn faults, go through the stages that can find one. A finding belongs to a
fault when it names its file, or its items where the fault is in rows, and was not there in the clean company. Counted: faults
seen among those that move a published figure, faults whose cause is named, and findings of severity critical or warning whose
cause belongs to no fault near them. Intervals: Wilson, 95 %.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clean_days import masters_of_the_months
from benchmarks.companies import configure_demo
from benchmarks.examination import examine, examine_without, rows
from benchmarks.fault_grammar import draw_faults
from benchmarks.fault_tables import Fault
from benchmarks.recording import save_result
from demo.delivery import build_extracts
from demo.settings import DEFAULT_END, DemoSettings
from demo.world import run_world
from demo.writing import write_extract
from orchestration.settings import Settings

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
# Worlds from here on were examined once, when nothing was changed any more; those below served to find what was wrong.
HELD_OUT = 5000
# What explains lists and files as a whole; without it every difference is explained by a rule of its own.
COMPETITION = ("rec_explained_cells", "rec_file_errors")


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
    parser.add_argument("--seed", type=int, default=2026, help="of the company")
    parser.add_argument("--first", type=int, default=HELD_OUT, help="seed of the first world of faults")
    parser.add_argument("--prepared", type=Path, help="folder of the clean company, kept between runs")
    parser.add_argument("--rules-only", action="store_true", help="examine each world also without competing causes")
    parser.add_argument("--save", action="store_true", help="keep the figures in benchmarks/results")
    chosen = parser.parse_args(arguments)
    started, worked = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        prepared = chosen.prepared or Path(folder) / "clean"
        prepare(prepared, chosen.seed, chosen.items, chosen.days)
        clean = examined(configure_demo(prepared))
        tallies = {name: Tally() for name in (("competing", "rules_only") if chosen.rules_only else ("competing",))}
        tally, number = tallies["competing"], chosen.first
        figures: dict[str, Any] = {}
        while tally.drawn < chosen.draws:
            world = Path(folder) / f"world_{number}"
            copy(prepared, world)
            wanted = min(chosen.per_world, chosen.draws - tally.drawn)
            faults = draw_faults(world / "demo" / "inbox", DEFAULT_END, number, wanted)
            forget_changed(prepared, world)
            settings = configure_demo(world)
            damaged = examined(settings)
            count(tally, faults, clean, damaged)
            if chosen.rules_only:
                examine_without(settings, COMPETITION)
                count(tallies["rules_only"], faults, clean, (_findings(settings), damaged[1]))
            shutil.rmtree(world)
            print(
                f"world {number}: {tally.drawn} drawn, {tally.seen} seen, {tally.named} named, {tally.false_causes} false",
                flush=True,
            )
            figures = {
                **{name: _summary(one) for name, one in tallies.items()},
                "worlds": [chosen.first, number],
                "items": chosen.items,
                "days": chosen.days,
                "seconds": round(time.perf_counter() - started),
                "cpu_seconds": round(time.process_time() - worked),
            }
            if chosen.save:  # after each world: a run that is stopped has printed its results
                save_result("drawn_faults", figures, seed=chosen.seed, packages=["duckdb", "dbt-core", "numpy"])
            number += 1
    for name, one in tallies.items():
        print(f"== {name}")
        for operation, counts in sorted(one.by_operation.items()):
            print(f"{operation:24} drawn {counts['drawn']:3} seen {counts['seen']:3} named {counts['named']:3}")
        for line in [*one.missed, *one.false]:
            print(line)
    return figures


def _summary(tally: Tally) -> dict[str, Any]:
    return {
        "draws": tally.drawn,
        "moving": tally.moving,
        "seen_of_moving": _share(tally.seen_moving, tally.moving),
        "seen": _share(tally.seen, tally.drawn),
        "cause_named": _share(tally.named, tally.drawn),
        "alarms": tally.alarms,
        "false_causes": _share(tally.false_causes, tally.alarms),
        "by_operation": {name: dict(counts) for name, counts in sorted(tally.by_operation.items())},
    }


def prepare(folder: Path, seed: int, items: int, days: int) -> None:
    """The clean company of `folder`, simulated and landed once."""
    if not (folder / "demo").is_dir():
        settings = DemoSettings(seed=seed, items=items, days=days, daily_from=DEFAULT_END - timedelta(days=44))
        history = run_world(settings)
        # masters come every month: a parameter that changed is seen against the one before
        for extract in [*build_extracts(history, {}), *masters_of_the_months(history)]:
            write_extract(folder / "demo" / "inbox", extract)


def copy(prepared: Path, world: Path) -> None:
    """A company of its own: files that the faults change are copied, landed ones, which nobody changes, are linked."""
    shutil.copytree(prepared / "demo", world / "demo")
    shutil.copytree(prepared / "data" / "manifest", world / "data" / "manifest")
    shutil.copytree(prepared / "data" / "landing", world / "data" / "landing", copy_function=os.link)


def forget_changed(prepared: Path, world: Path) -> None:
    """Let the landing forget the files that differ from the clean company's, and the later ones of their datasets, which were
    compared with them: they are read again."""
    since: dict[str, str] = {}
    for dataset, day, _ in _changed(prepared / "demo" / "inbox", world / "demo" / "inbox"):
        since[dataset] = min(day, since.get(dataset, day))
    for path in sorted((world / "data" / "manifest").glob("*.json")):
        dataset, _, day = Path(json.loads(path.read_text(encoding="utf-8"))["source_file"]).stem.rpartition("_")
        if dataset in since and day >= since[dataset]:
            path.unlink()


def _changed(before: Path, after: Path) -> Iterator[tuple[str, str, Path]]:
    """Dataset, day and path below the inbox of every file that is not the same in both."""
    names = {path.relative_to(root) for root in (before, after) for path in root.rglob("*") if path.is_file()}
    for name in sorted(names):
        old, new = before / name, after / name
        if not (old.is_file() and new.is_file() and old.read_bytes() == new.read_bytes()):
            dataset, _, day = name.stem.rpartition("_")
            yield dataset, day, name


def examined(settings: Settings) -> tuple[list[dict[str, Any]], dict[tuple[str, str], tuple[float, ...]]]:
    examine(settings, DEFAULT_END)
    figures = {
        (row["item_id"], row["warehouse_id"]): tuple(
            float(row[name] or 0) for name in ("on_hand_units", "demand_units", "cogs")
        )
        for row in rows(settings, FIGURES)
    }
    return _findings(settings), figures


def _findings(settings: Settings) -> list[dict[str, Any]]:
    return rows(settings, "select * from marts.fct_findings order by finding_id")


def count(tally: Tally, faults: list[Fault], clean: tuple, damaged: tuple) -> None:
    """Add one world: its faults against the findings that the clean company does not have."""
    known = {finding["finding_id"] for finding in clean[0]}
    fresh = [finding for finding in damaged[0] if finding["finding_id"] not in known]
    for fault in faults:
        near = [finding for finding in fresh if is_near(fault, finding)]
        named = [finding for finding in near if finding["rule_id"] in fault.accepts]
        moves = _moves(fault, clean[1], damaged[1])
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
            print(tally.missed[-1])
    accepted = {rule for fault in faults for rule in fault.accepts} | SYMPTOMS
    for finding in fresh:
        if finding["severity"] == "info":
            continue
        tally.alarms += 1
        if finding["rule_id"] not in accepted:
            tally.false_causes += 1
            tally.false.append(f"false: {finding['rule_id']}, {finding['explanation']}")


def is_near(fault: Fault, finding: dict[str, Any]) -> bool:
    """The finding is about the fault's file, its items, or its day and place."""
    if finding["source_file"] and Path(finding["source_file"]).name == fault.file and not finding["item_id"]:
        return True
    if finding["item_id"]:
        return finding["item_id"].split("/")[1] in fault.items
    return finding["business_date"] == fault.day


def _moves(fault: Fault, clean: dict, damaged: dict) -> bool:
    """A figure of an item that the fault touched differs by more than 0.1 %."""
    for key, before in clean.items():
        if fault.items and key[0].split("/")[1] not in fault.items:
            continue
        after = damaged.get(key, (0.0, 0.0, 0.0))
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
    return {
        "share": round(rate, 4),
        "low": round(max(middle - half, 0.0), 4),
        "high": round(middle + half, 4),
        "of": whole,
    }


if __name__ == "__main__":
    main([])
