"""`python -m benchmarks forecast --set NAME`: one command per data set.

Sets: m3, m4, usaid, raf_spares, carparts, vn2, speed, demo, promotions. Figures go to `results/forecast_<set>.json`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from benchmarks.forecast_competitions import run_m3, run_m4
from benchmarks.forecast_demo import run_demo
from benchmarks.forecast_promotions import run_promotions
from benchmarks.forecast_quantiles import CHEAP, SETS, SLOW, run_set
from benchmarks.forecast_speed import run_speed
from benchmarks.forecast_usaid import run_usaid
from benchmarks.recording import save_result

SEED = 20240229
PACKAGES = ["numpy", "pandas", "numba", "statsforecast", "statsmodels"]


def main(argv: Sequence[str]) -> dict[str, Any]:
    """Run one set and return its figures."""
    parser = argparse.ArgumentParser(prog="benchmarks forecast", description=__doc__)
    names = [*SETS, "m3", "m4", "usaid", "speed", "demo", "promotions"]
    parser.add_argument("--set", required=True, choices=names, dest="name")
    parser.add_argument("--rivals", choices=["cheap", "slow", "all", "none"], default="cheap")
    parser.add_argument("--origins", type=int, default=None, help="rolling origins; default: the set's own")
    parser.add_argument("--variants", action="store_true", help="also run the variants that lost")
    parser.add_argument("--series", type=int, default=30490, help="speed: series of the synthetic panel")
    parser.add_argument("--periods", type=int, default=1941, help="speed: days of the synthetic panel")
    parser.add_argument("--every", type=int, default=1, help="m3: every k-th series, where all take too long")
    parser.add_argument("--items", type=int, default=200, help="promotions: items of the demo company")
    parser.add_argument("--days", type=int, default=900, help="promotions: days of the demo company")
    parser.add_argument("--workspace", default="demo", help="demo: folder that holds the extracts and truth/")
    parser.add_argument("--no-save", action="store_true", help="print the figures, keep none")
    options = parser.parse_args(list(argv))
    label = options.name
    if options.name in SETS:
        rivals = {"cheap": CHEAP, "slow": SLOW, "all": [*CHEAP, *SLOW], "none": []}[options.rivals]
        figures = run_set(options.name, rivals=rivals, origins=options.origins, variants=options.variants)
        label += "_slow_rivals" if options.rivals == "slow" else ""
    elif options.name == "m3":
        figures = run_m3(options.every)
        label += f"_every_{options.every}" if options.every > 1 else ""
    elif options.name == "m4":
        figures = run_m4(options.origins or 3)
    elif options.name == "usaid":
        figures = run_usaid(options.origins or 6)
    elif options.name == "speed":
        figures = run_speed(options.series, options.periods, SEED)
    elif options.name == "promotions":
        figures = run_promotions(options.items, options.days, SEED)
    else:
        figures = run_demo(options.workspace)
    if not options.no_save:
        save_result(f"forecast_{label}", figures, seed=SEED, packages=PACKAGES)
    return figures
