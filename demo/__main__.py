"""Command line of the demo: `python -m demo --out DIR --seed N`."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from demo.hard_world import write_hard_world
from demo.settings import DEFAULT_END
from demo.simulate import write_demo


def main(arguments: list[str] | None = None) -> int:
    """Write a demo company and say what was written."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Write the demo company's extracts.")
    parser.add_argument("--out", type=Path, required=True, help="folder that receives inbox/ and truth/")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--end-date", type=date.fromisoformat, default=DEFAULT_END)
    parser.add_argument("--days", type=int, default=730, help="history up to the default end date")
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--clean", action="store_true", help="plant no defects")
    parser.add_argument(
        "--world",
        choices=["trade", "hard"],
        default="trade",
        help="hard: two companies whose books hold every hard case",
    )
    options = parser.parse_args(arguments)
    if options.world == "hard":
        files, movements = write_hard_world(options.out, options.seed)
        sys.stdout.write(f"{files} files, {movements} movements of two companies in {options.out}\n")
        return 0
    summary = write_demo(
        options.out,
        seed=options.seed,
        end_date=options.end_date,
        days=options.days,
        items=options.items,
        defects=not options.clean,
    )
    sys.stdout.write(
        f"{summary.files} files, {summary.movements} movements, {summary.order_lines} order lines "
        f"({summary.stockout_line_rate:.1%} short), {summary.defects} defects, "
        f"{summary.start_date} to {summary.end_date} in {summary.out_dir}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
