"""The demo's one entry point: operate the company, plant defects, write extracts and truth."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from demo.defects.planting import plant
from demo.delivery import build_extracts
from demo.findings import AnswerSheet
from demo.settings import DEFAULT_END, DemoSettings
from demo.truth import write_truth
from demo.world import run_world
from demo.writing import write_extract


@dataclass(frozen=True)
class DemoSummary:
    """What was written; `stockout_line_rate` is the share of due order lines not shipped complete on the
    requested date.
    """

    out_dir: Path
    start_date: date
    end_date: date
    files: int
    movements: int
    order_lines: int
    stockout_line_rate: float
    defects: int


def write_demo(
    out_dir: Path,
    *,
    seed: int = 7,
    end_date: date = DEFAULT_END,
    days: int = 730,
    items: int = 300,
    defects: bool = True,
    daily_from: date | None = None,
) -> DemoSummary:
    """Write the demo company's extracts to `out_dir`/inbox and its truth to `out_dir`/truth, replacing both folders.

    `days` is the length of the history up to the default end date: it fixes the first day, whatever `end_date` is. With
    the same seed, days, items and `daily_from`, a later `end_date` continues the same history: files of
    document windows that
    were complete before stay byte for byte the same when `defects` is off. `daily_from` is the first day delivered as a
    daily file (default: ten days up to the default end date). Raises ValueError where the span is too short.
    """
    settings = DemoSettings(seed=seed, end_date=end_date, days=days, items=items)
    if daily_from is not None:
        settings = DemoSettings(seed=seed, end_date=end_date, days=days, items=items, daily_from=daily_from)
    history = run_world(settings)
    rate = history.stockout_line_rate()
    extracts, sheet = plant(history) if defects else (build_extracts(history, {}), AnswerSheet())
    for folder in ("inbox", "truth"):
        shutil.rmtree(out_dir / folder, ignore_errors=True)
    for extract in extracts:
        write_extract(out_dir / "inbox", extract)
    write_truth(out_dir / "truth", history, sheet.resolve(history.catalogue, extracts))
    return DemoSummary(
        out_dir=out_dir,
        start_date=settings.start_date,
        end_date=end_date,
        files=len(extracts),
        movements=len(history.books.movements) + 2 * len(history.books.transfers),
        order_lines=sum(1 for row in history.true_demand if row[4]),
        stockout_line_rate=rate,
        defects=len({entry.defect_id for entry in sheet.entries}),
    )
