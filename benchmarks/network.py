"""A simulated network, one centre and twenty branches: our plan against a policy at each place, against the best tuned min-max, and
against what nobody could beat.

500 items with an intermittent mix of demand (gamma-distributed means, sizes from 1 to 20 units, two thirds of the days without
demand for most), a supplier of 21 days, lanes of 2 to 5 days every 3 days. Levels come from the product's own functions on
the first year of demand (`row_levels`, `staged_demand`), the two years after it are simulated by the replay's kernel. Costs:
holding on the value on hand everywhere, a day that a unit waits, and each purchase order. The scales of the safety stock at
the centre and at the branches are tuned together on the first of the two years, for all items alike, for fifths of the items
by value, and item by item, which is what the product's replay does; the same is done for the rival. Costs are reported on
the second year; `hindsight` is the best scale of each item on that very year, which nobody can know.

    python -m benchmarks network [--items 500] [--branches 20]
"""

from __future__ import annotations

import argparse
import itertools
import time
from typing import Any

import numpy as np
import pandas as pd

from assets.planning.network.stages import echelon_lead_times, echelon_sum, heads, on_lanes, with_echelons
from assets.planning.parameters.demand_sums import AnalyticSums
from assets.planning.parameters.lead_time_demand import LeadTimeDemandResult, lead_time_demand
from assets.planning.parameters.mixture import lead_time_support
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.row_levels import row_levels
from assets.planning.policy.settings import CellPolicy, PolicySettings
from assets.planning.replay.level_path import LevelPath
from assets.planning.replay.ragged import Ragged, ragged
from assets.planning.replay.run import Scene, groups, run_policy
from assets.planning.replay.settings import ReplaySettings
from benchmarks.lots_in_hindsight import wagner_whitin
from benchmarks.recording import save_result

KEYS = ["item_id", "warehouse_id"]
TRAIN, WARM, YEAR = 364, 90, 365
HOLDING_YEAR, WAIT_DAY, ORDER = 0.22, 0.004, 40.0
#: Scales of the safety stock at the centre and at the branches.
CENTRE, BRANCH = (-0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5), (0.5, 0.75, 1.0, 1.25, 1.5)


def _company(items: int, branches: int, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows (centre first for each item), daily demand (rows, days) and which row feeds each."""
    places = branches + 1
    rows = pd.DataFrame(
        {
            "item_id": np.repeat([f"c/{k:05d}" for k in range(items)], places),
            "warehouse_id": np.tile([f"c/{k:03d}" for k in range(places)], items),
            "unit_cost_latest": np.repeat(rng.lognormal(2.5, 0.8, items), places),
        }
    )
    mean = np.repeat(rng.gamma(0.8, 0.25, items) + 0.02, places) * rng.uniform(0.4, 1.6, items * places)
    size = np.repeat(1 + rng.gamma(0.9, 4, items), places)
    days = TRAIN + WARM + 2 * YEAR
    events = rng.random((len(rows), days)) < np.minimum(mean / size, 0.9)[:, None]
    units = np.where(events, 1 + rng.poisson(np.maximum(size - 1, 0)[:, None], (len(rows), days)), 0).astype(float)
    is_centre = rows["warehouse_id"].to_numpy() == "c/000"
    units[is_centre] = 0.0
    above = np.where(is_centre, -1, (np.arange(len(rows)) // places) * places)
    return rows, units, above


def _demand(rows: pd.DataFrame, daily: np.ndarray, times: pd.DataFrame, review: np.ndarray) -> LeadTimeDemandResult:
    """Demand distributions from the mean and deviation of the days of the first year."""
    mean, sd = daily.mean(axis=1), daily.std(axis=1)
    sums = AnalyticSums(np.repeat(mean[:, None], 30, 1), np.repeat(sd[:, None], 30, 1))
    return lead_time_demand(rows, sums, times, review, frequency="D", settings=ParameterSettings())


def _cost(rows: pd.DataFrame, figures: pd.DataFrame, places: int, days: int) -> np.ndarray:
    """(items, 5) per year: holding, waiting and ordering cost, units filled, mean stock at cost."""
    cost = rows["unit_cost_latest"].to_numpy(float)
    stock = figures["stock_unit_days"].to_numpy(float) * cost
    waits = figures["backorder_unit_days"].to_numpy(float) * cost
    parts = (
        stock * HOLDING_YEAR / 365, waits * WAIT_DAY, ORDER * figures["orders"].to_numpy(float),
        figures["filled_units"].to_numpy(float), stock / 365,
    )  # fmt: skip
    return np.column_stack(parts).reshape(-1, places, 5).sum(axis=1) * 365 / days


def _bound(rows: pd.DataFrame, daily: np.ndarray, above: np.ndarray) -> float:
    """Cost of the last year for who knows it: lots of the whole item that arrive when they are needed, nothing ever waits."""
    last = daily[:, -YEAR:]
    whole = echelon_sum(last, above)[above < 0]
    weeks = np.add.reduceat(whole, np.arange(0, YEAR, 7), axis=1)
    cost = rows["unit_cost_latest"].to_numpy(float)[above < 0]
    return float(
        sum(wagner_whitin(need, ORDER, c * HOLDING_YEAR * 7 / 365).cost for need, c in zip(weeks, cost, strict=True))
    )


def run(items: int, branches: int, seed: int) -> dict[str, Any]:
    """Costs of a year of every policy, relative to a policy at each place."""
    rng = np.random.default_rng(seed)
    rows, units, above = _company(items, branches, rng)
    n, places = len(rows), branches + 1
    moved, is_head = above >= 0, heads(above)
    lane = np.tile(np.r_[21.0, rng.integers(2, 6, branches)], items)
    times = rows[KEYS].assign(
        supplier_id="c/s", lead_time_days_mean=lane, lead_time_days_sd=np.where(moved, 0.5, 4.0), lead_time_receipts=9,
        lead_time_source="receipts", lane_interval_days=np.where(moved, 3.0, 0.0),
    )  # fmt: skip
    service = WAIT_DAY * 365 / (WAIT_DAY * 365 + HOLDING_YEAR)
    policy = CellPolicy(policy="s_s", service_level_rate=service, review_period_days=1.0)
    settings = PolicySettings(unclassified=policy, order_cost_value=ORDER, holding_rate=HOLDING_YEAR)
    nothing = rows[KEYS].iloc[:0].assign(abc_xyz_cell=pd.Series(dtype=str))
    assigned = assign_policies(rows, nothing, settings)
    assigned = on_lanes(assigned, moved, times["lane_interval_days"].to_numpy(float))
    review = assigned["review_period_days"].to_numpy(float)
    train = units[:, :TRAIN]
    whole = echelon_sum(train, above)
    own = _demand(rows, train, times, review)
    day = train.mean(axis=1)
    echelon = _demand(rows, whole, echelon_lead_times(times, above, day), review)
    alone = _demand(rows, np.where(is_head[:, None], whole, train), times, review)
    year = np.where(is_head, whole.mean(axis=1), day) * 365
    run_days = WARM + 2 * YEAR
    at, when = np.nonzero(units[:, TRAIN:])
    demand = ragged(at, when, units[:, TRAIN:][at, when], n)
    support = lead_time_support(lane, times["lead_time_days_sd"].to_numpy(float), 9)
    leads = Ragged(np.arange(n + 1) * 9, np.rint(support).astype(np.int64).ravel(), np.zeros(0))
    none = ragged(np.zeros(0, int), np.zeros(0, int), np.zeros(0), n)
    keep = np.zeros((n, 1))
    names = assigned["policy"].to_numpy(object)

    planned = with_echelons(own, echelon, is_head)

    def path(known: LeadTimeDemandResult) -> LevelPath:
        level = row_levels(rows, assigned, known, year, settings, None, moved).level
        reorder, up_to, lot = level.reorder_point[:, None], level.order_up_to[:, None], level.quantity[:, None]
        return LevelPath(np.zeros(1, int), reorder, up_to, lot, level.safety_stock[:, None], keep)

    opening = np.where(is_head, path(planned).reorder[:, 0] / places, path(planned).up_to[:, 0])

    def simulated(name: str, scale: tuple[float, float], first: int, last: int) -> np.ndarray:
        levels = path(planned if name == "plan" else alone).scaled(np.where(is_head, *scale))
        days = review.copy()
        if name == "installation":
            # a policy of its own stock, seen from the echelon: right after the branches have asked, what they hold and are
            # owed is their order-up-to levels
            below = (echelon_sum(np.where(is_head, 0.0, levels.up_to[:, 0]), above) * is_head)[:, None]
            levels = LevelPath(
                levels.day, levels.reorder + below, levels.up_to + below, levels.lot, levels.safety, keep
            )
            days = np.where(is_head, 3.0, days)
        scene = Scene(
            run_days, first, demand, none, leads, opening, np.zeros(n), np.ones(n), np.zeros(n), above=above,
            group=groups(rows["item_id"]), measured_to=last,
        )  # fmt: skip
        return _cost(rows, run_policy(scene, names, days, levels, settings=ReplaySettings()), places, last - first)

    tune, report = (WARM, WARM + YEAR), (WARM + YEAR, run_days)
    value = (train.mean(axis=1) * rows["unit_cost_latest"].to_numpy(float)).reshape(-1, places).sum(axis=1)
    fifth = pd.qcut(value, 5, labels=False)
    asked = float(units[:, -YEAR:].sum())
    pairs = list(itertools.product(CENTRE, BRANCH))
    plain = pairs.index((1.0, 1.0))
    item = np.arange(items)
    results: dict[str, Any] = {}
    for name in ("plan", "installation"):
        before = np.array([simulated(name, pair, *tune)[:, :3].sum(axis=1) for pair in pairs])
        after = np.array([simulated(name, pair, *report) for pair in pairs])
        best_of_fifth = np.array([before[:, fifth == k].sum(axis=1).argmin() for k in range(5)])
        picks = {
            "as_planned": np.full(items, plain),
            "tuned": np.full(items, before.sum(axis=1).argmin()),
            "tuned_by_fifth": best_of_fifth[fifth],
            "tuned_by_item": before.argmin(axis=0),
            "hindsight": after[:, :, :3].sum(axis=2).argmin(axis=0),
        }
        for label, pick in picks.items():
            chosen = after[pick, item].sum(axis=0)
            results[f"{name}_{label}"] = {
                "cost_value": round(float(chosen[:3].sum())),
                **{
                    f"{part}_value": round(float(chosen[k]))
                    for k, part in enumerate(("holding", "waiting", "ordering"))
                },
                "fill_rate": round(float(chosen[3]) / asked, 4),
                "stock_value": round(float(chosen[4])),
                "centre_and_branch_scale": [round(float(each), 3) for each in np.array(pairs)[pick].mean(axis=0)],
            }
    results["perfect_information"] = {"cost_value": round(_bound(rows, units, above))}
    base = results["installation_as_planned"]["cost_value"]
    for each in results.values():
        each["of_installation_rate"] = round(each["cost_value"] / base, 4)
    return results


def main(argv: list[str]) -> dict[str, Any]:
    """Costs of the plan and of its rivals."""
    parser = argparse.ArgumentParser(prog="network")
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--branches", type=int, default=20)
    parser.add_argument("--seed", type=int, default=20261130)
    options = parser.parse_args(argv)
    started = time.process_time()
    figures = {
        "items": options.items,
        "branches": options.branches,
        **run(options.items, options.branches, options.seed),
    }
    figures["cpu_seconds"] = round(time.process_time() - started, 1)
    save_result("network", figures, seed=options.seed, packages=["numpy", "pandas", "numba"])
    return figures
