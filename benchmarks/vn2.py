"""Ordering on the VN2 retail data, in money: 599 store x product series, weekly review, lost sales, two weeks under way.

The pooled demand model (refitted every four weeks, on what was known then) is averaged with plain seasonal levels; negative
binomials around the mean; the order is the critical fractile of what the shelf will lack in the week it arrives. The
configuration below was chosen on the first six origins only and then frozen; `first_half` and `second_half` are reported.

    python -m benchmarks vn2
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from assets.planning.forecasting.counts import moment_grid
from assets.planning.forecasting.grids import LEVELS
from benchmarks.forecast_data import shared
from benchmarks.recording import save_result
from benchmarks.vn2_arrival import joint_uniforms, lost_sales_order, period_scenarios
from benchmarks.vn2_features import PooledPanel, moving_level, year_shape
from benchmarks.vn2_model import PooledModel, PooledSettings, fit_pooled
from benchmarks.vn2_variance import variance_ratio

# Frozen 2026-11-22 on origins up to 124 (the first half, and five still earlier ones that the referee does not score); `TRIED`
# has what was tried. A fractile below 1 / 1.2 = 0.833 is right while orders follow: a unit left over says that demand was low,
# so the next order is likely to be too large as well. Nothing follows the last order, which has the fractile of its costs.
FRACTILE, LAST_FRACTILE, ORDERS = 0.78, 1 / 1.2, 6
POOLED_SHARE, SCENARIOS, SEED = 0.6, 1024, 7
LEVEL_MIX = ((0.01, 0.3), (0.05, 0.4), (0.15, 0.3))
SMOOTHING = (0.2, 0.6, 0.2)
REFIT_WEEKS, FIRST_WEEK = 4, 104
POOLED = PooledSettings(seeds=(1, 2), origin_step=1)
#: What was tried on 2026-11-22: ratio on the first half, and on it and origins 84 to 100 together. `chosen` is the nearest of the
#: tried ones; differences below 0.003 are chance on so few origins.
TRIED: dict[str, tuple[Any, ...]] = {
    "before: one fractile 0.79": (0.7894, 0.8100),
    "fractile 0.77; 0.81; 0.833": ((0.7920, 0.8111), (0.7952, 0.8154), (0.8058, 0.8269)),
    "last order at 0.83; 0.86; 0.75": ((0.7888, 0.8075), (0.7913, 0.8074), (0.7943, 0.8157)),
    "every origin in the fit; and 1,024 scenarios": ((0.7884, 0.8068), (0.7877, 0.8064)),
    "share 0.6, 1,024 scenarios, fractile 0.77 (chosen: 0.78)": (0.7892, 0.8045),
    "orders by rolling scenarios to the end, penalty 1; 0.85": ((0.7929, 0.8105), (0.7894, 0.8077)),
    "five seeds; a fit every week; smaller steps": ((0.7887, 0.8075), (0.7908, 0.8067), (0.7902, 0.8083)),
    "dispersion regressed on level and past (log score +0.008)": (0.7888, 0.8071),
    "own weight of dispersion 0.25; 0.75": ((0.7882, 0.8062), (0.7881, 0.8070)),
    "correlated weeks 0.1, with rolling scenarios": (0.7905, 0.8085),
    "Tweedie; weight by root of level; third week only; larger trees": (
        (0.7927, 0.8089),
        (0.7932, 0.8107),
        (0.7898, 0.8090),
        (0.7897, 0.8060),
    ),
    "tournament as third member, fractile 0.77; 0.79": ((0.7940, 0.8029), (0.7942, 0.8059)),
}
KIN = ("product_id", "product_group", "department", "store_id")


def _simulator() -> ModuleType:
    """The referee, imported by path: it is third-party data and no part of the product."""
    path = shared("vn2").parents[1] / "bench" / "vn2_simulator.py"
    spec = importlib.util.spec_from_file_location("vn2_simulator", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["vn2_simulator"] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def _panel(sales: pd.DataFrame, in_stock: pd.DataFrame) -> PooledPanel:
    """Panel of the weeks that the view shows, with the calendar some weeks further."""
    master = (
        pd.read_csv(shared("vn2", "master.csv")).set_index(["store_id", "product_id"]).loc[sales.index].reset_index()
    )
    weeks = pd.date_range(sales.columns[0], periods=sales.shape[1] + 8, freq="W-MON").isocalendar().week.to_numpy(int)
    kin = {name: pd.factorize(master[name], sort=True)[0] for name in KIN}
    return PooledPanel(sales.to_numpy(float), in_stock.to_numpy(bool), weeks, kin)


def plain_mean(panel: PooledPanel, end: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) seasonal levels of the coming weeks, and (n,) variance to mean ratio."""
    season = year_shape(panel, end, SMOOTHING)[panel.week - 1]
    ok = panel.ok[:, :end]
    flat = panel.units[:, :end] / season[:end]
    level = sum(weight * moving_level(flat, ok, rate)[:, -1] for rate, weight in LEVEL_MIX)
    return np.asarray(level)[:, None] * season[end : end + 3], variance_ratio(flat, ok)


class Planner:
    """The policy that the referee asks week by week; forecasts of a week are made once."""

    def __init__(self) -> None:
        self._uniforms = joint_uniforms(SCENARIOS, 3, 0.0, SEED)
        self._models: dict[int, PooledModel] = {}
        self._demand: dict[int, np.ndarray] = {}

    def _scenarios(self, sales: pd.DataFrame, in_stock: pd.DataFrame) -> np.ndarray:
        end = sales.shape[1]
        if end not in self._demand:
            panel = _panel(sales, in_stock)
            fitted = FIRST_WEEK + 1 + (end - FIRST_WEEK - 1) // REFIT_WEEKS * REFIT_WEEKS
            if fitted not in self._models:
                self._models[fitted] = fit_pooled(panel, fitted, POOLED)
            plain, ratio = plain_mean(panel, end)
            pooled = self._models[fitted].mean(panel, end)
            mean = np.maximum(POOLED_SHARE * pooled + (1 - POOLED_SHARE) * plain, 1e-3)
            grid = moment_grid(mean, mean * ratio[:, None], np.ones(len(mean)))
            self._demand[end] = np.round(period_scenarios(grid, LEVELS, self._uniforms))
        return self._demand[end]

    def __call__(self, view: Any) -> np.ndarray:
        """Orders for a `PolicyView` of the referee."""
        demand = self._scenarios(view.sales, view.in_stock)
        fractile = FRACTILE if view.step < ORDERS else LAST_FRACTILE
        return lost_sales_order(demand, view.on_hand, view.in_transit, fractile)


def main(argv: list[str]) -> dict[str, Any]:
    """Pooled cost ratio to the competition's benchmark policy, over all origins and by half."""
    parser = argparse.ArgumentParser(prog="vn2")
    parser.add_argument("--origins", type=int, default=12, help="only the first so many origins (6: the tuning half)")
    options = parser.parse_args(argv)
    referee = _simulator()
    origins = referee.ORIGINS[: options.origins]
    start = time.perf_counter()
    result = referee.evaluate(Planner(), origins)
    ours, theirs, half = result.policy_cost, result.benchmark_cost, len(referee.ORIGINS) // 2
    figures = {
        "origins": len(origins),
        "pooled_cost_ratio": round(result.pooled_ratio, 4),
        "first_half": round(float(ours[:half].sum() / theirs[:half].sum()), 4),
        "second_half": round(float(ours[half:].sum() / theirs[half:].sum()), 4) if len(origins) > half else None,
        "by_origin": [round(float(each), 3) for each in ours / theirs],
        "aim": 0.80,
        "one_second_policy": 0.834,
        "before_this_configuration": 0.8027,
        "tried_on_earlier_origins": TRIED,
        "seconds": round(time.perf_counter() - start, 1),
    }
    if len(origins) == len(referee.ORIGINS):
        save_result("vn2", figures, seed=SEED, packages=["numpy", "pandas", "lightgbm", "scipy"])
    return figures
