"""Query time of the dashboard's pages at 100,000 item-warehouses x 24 months (bound: p95 <= 1 s on two cores).

A page's time is that of all its queries, one after the other, on a release of that size that is opened once, as the
server does. Every page is asked with several filters, several times; the first visit counts like every other.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.recording import save_result
from benchmarks.synthetic_release import size_options, write_release
from dashboard.filters import Filter
from dashboard.queries import item, moves, overview, planning, quality, stock
from dashboard.queries.worklist import worklist
from dashboard.release_reader import ReleaseReader

SEED = 7
BOUND_SECONDS = 1.0
FILTERS = {
    "all": Filter(),
    "warehouse": Filter(warehouses=("C/W03",)),
    "category, class": Filter(categories=("类别7", "类别8"), abc_classes=("A",)),
    "owner's limit": Filter(allowed_owners=("责任人1",)),
}


def pages(reader: ReleaseReader, wanted: Filter) -> dict[str, Callable[[], Any]]:
    """What each page asks for (dashboard/views), by page."""
    found = item.find(reader, wanted, "")
    item_id, warehouse_id = str(found["item_id"].iloc[0]), str(found["warehouse_id"].iloc[0])
    return {
        "overview": lambda: [
            quality.choices(reader, Filter(allowed_owners=wanted.allowed_owners)),
            overview.kpis(reader, wanted, reader),
            worklist(reader, wanted),
            overview.actions(reader, wanted),
            overview.trend(reader, wanted),
            overview.where_it_sits(reader, wanted, "category_name"),
        ],
        "ageing": lambda: [
            stock.buckets_now(reader, wanted),
            stock.buckets_over_time(reader, wanted),
            stock.dead_by_cause(reader, wanted),
            stock.disposal_list(reader, wanted),
        ],
        "cells": lambda: [stock.cells(reader, wanted), stock.items_of_cell(reader, wanted, "A", "X")],
        "replenishment": lambda: [
            planning.order_summary(reader, wanted),
            planning.orders_by_week(reader, wanted),
            planning.orders(reader, wanted),
            moves.transfer_summary(reader, wanted),
            moves.transfers(reader, wanted),
            moves.ways_out(reader, wanted),
            moves.disposals(reader, wanted),
            moves.replay_summary(moves.replay_by_class(reader, wanted)),
            moves.replay_verdicts(reader, wanted),
        ],
        "item": lambda: [
            item.find(reader, wanted, "42"),
            item.card(reader, wanted, item_id, warehouse_id),
            item.record(reader, item_id),
            item.stock_line(reader, item_id, warehouse_id, 24 * 30),
            item.demand(reader, item_id, warehouse_id, "week", 24 * 4),
            item.fan(reader, item_id, warehouse_id),
            item.layers(reader, item_id, warehouse_id),
            item.movements(reader, item_id, warehouse_id, 24),
        ],
        "incidents": lambda: [
            quality.findings_by_rule(reader, wanted),
            quality.findings(reader, wanted, "negative_stock"),
        ],
        "forecast": lambda: [
            planning.forecast_summary(reader, wanted),
            planning.wape_spread(reader, wanted),
            planning.forecast_models(reader, wanted),
            planning.forecast_misses(reader, wanted),
        ],
        "health": lambda: [quality.sources(reader)],
    }


def main(arguments: list[str]) -> dict[str, Any]:
    """Build the release, ask every page with every filter, print a table, keep the figures."""
    chosen = size_options("dashboard", 5, arguments)
    with tempfile.TemporaryDirectory() as folder:
        release = write_release(Path(folder), chosen.item_warehouses, chosen.months, SEED)
        reader = ReleaseReader(release)
        times, cpu = measure(reader, chosen.rounds)
        reader.close()
    every = [seconds for one in times.values() for seconds in one]
    every_cpu = [seconds for one in cpu.values() for seconds in one]
    figures = {
        "item_warehouses": chosen.item_warehouses,
        "months": chosen.months,
        "page_seconds_p95": round(p95(every), 3),
        "page_seconds_median": round(statistics.median(every), 3),
        "page_cpu_seconds_p95": round(p95(every_cpu), 3),
        "bound_seconds": BOUND_SECONDS,
        "pages_p95": {page: round(p95(one), 3) for page, one in times.items()},
        "pages_cpu_p95": {page: round(p95(one), 3) for page, one in cpu.items()},
    }
    print(f"{'page':<16}{'median s':>10}{'p95 s':>10}{'p95 CPU s':>11}")
    for page, one in {**times, "all": every}.items():
        used = p95(cpu.get(page, every_cpu))
        print(f"{page:<16}{statistics.median(one):>10.3f}{p95(one):>10.3f}{used:>11.3f}")
    if chosen.save:
        save_result("dashboard", figures, seed=SEED, packages=["duckdb", "pandas"])
    return figures


def measure(reader: ReleaseReader, rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds of each visit by page: on the clock, and of both cores' work (what is left of it on a busy machine)."""
    times: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    for _ in range(rounds):
        for wanted in FILTERS.values():
            for page, ask in pages(reader, wanted).items():
                started, worked = time.perf_counter(), time.process_time()
                ask()
                times.setdefault(page, []).append(time.perf_counter() - started)
                cpu.setdefault(page, []).append(time.process_time() - worked)
    return times, cpu


def p95(values: list[float]) -> float:
    """The smallest time that 95 % of the visits keep."""
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]
