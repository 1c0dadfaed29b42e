"""Seconds for the plan (100,000 item-warehouses over 52 weeks, after the forecast) and for the replay of them over 730 days.

Half of the rows are branches that a centre feeds. The plan is walked day by day over the horizon, with every planned order and a
message on every open one, as the daily run does it.

python -m benchmarks planning [--rows 100000] [--days 730]
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from typing import Any

import numpy as np
import pandas as pd

from assets.planning.classification.classify import classify
from assets.planning.classification.settings import ClassificationSettings
from assets.planning.disposal.rank import DisposalInputs, rank_disposals
from assets.planning.disposal.settings import DisposalSettings
from assets.planning.forecasting.counts import moment_grid
from assets.planning.forecasting.distribution import DemandDistribution
from assets.planning.network.network import Network
from assets.planning.network.staged import staged_demand, staged_policies
from assets.planning.network.stages import echelon_sum, heads
from assets.planning.parameters.lead_times import lead_times
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.capital_curve import capital_curve
from assets.planning.policy.plan import PlanInputs, timed_plan
from assets.planning.policy.settings import PolicySettings
from assets.planning.replay.lead_draws import lead_time_draws
from assets.planning.replay.level_path import LevelPath
from assets.planning.replay.ragged import ragged
from assets.planning.replay.run import Scene, run_policy
from assets.planning.replay.settings import ReplaySettings
from assets.planning.schedule.settings import ScheduleSettings
from assets.planning.schedule.tables import over_time
from assets.planning.transfers.lanes import lane_table
from assets.planning.transfers.settings import TransferSettings
from assets.planning.transfers.suggest import buy_after_transfers, suggest_transfers
from benchmarks.recording import save_result

KEYS = ["item_id", "warehouse_id"]
AS_OF = dt.date(2026, 1, 5)
KNOTS = np.array([1, 2, 4, 8, 13])


def _company(rows: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Master data and receipts of a company of the given size."""
    items = [f"c/{k // 2:06d}" for k in range(rows)]
    suppliers = [f"c/s{(k // 2) % 200:03d}" for k in range(rows)]
    spine = pd.DataFrame(
        {
            "item_id": items,
            "warehouse_id": [f"c/w{k % 2}" for k in range(rows)],
            "default_supplier_id": suppliers,
            "unit_cost_latest": np.where(rng.random(rows) < 0.95, rng.lognormal(2, 1.2, rows), np.nan),
            "moq_units": rng.choice([np.nan, 0, 10, 50], rows),
            "order_multiple_units": rng.choice([np.nan, 1, 6, 12], rows),
            "shelf_life_days": rng.choice([np.nan, np.nan, np.nan, 180], rows),
        }
    )
    count = rows * 2
    picked = rng.integers(0, rows, count)
    ordered = pd.Timestamp(AS_OF) - pd.to_timedelta(rng.integers(60, 600, count), unit="D")
    lead = np.rint(rng.gamma(6, 3, count))
    receipts = spine.iloc[picked][["item_id", "warehouse_id", "default_supplier_id"]].reset_index(drop=True)
    receipts = receipts.rename(columns={"default_supplier_id": "supplier_id"}).assign(
        order_date=ordered, receipt_date=ordered + pd.to_timedelta(lead, unit="D"), lead_time_days=lead
    )
    return spine, receipts


def _forecast(spine: pd.DataFrame, rng: np.random.Generator) -> tuple[DemandDistribution, pd.DataFrame, np.ndarray]:
    """Weekly forecasts of every row as the forecasting stage hands them over, and the mean of a week."""
    mean = rng.gamma(0.6, 8, len(spine)) + 0.02
    total = mean[:, None] * KNOTS
    grid = moment_grid(total, total * 2.5, np.ones(len(spine)))
    sums = DemandDistribution(spine[KEYS], 7.0, KNOTS, grid, total, np.ones(len(spine)))
    forecasts = spine[KEYS].loc[spine.index.repeat(13)].reset_index(drop=True)
    forecasts["horizon_periods"] = np.tile(np.arange(1, 14), len(spine))
    forecasts["mean_units"] = np.repeat(mean, 13)
    return sums, forecasts, mean


def _network(spine: pd.DataFrame, times: pd.DataFrame) -> Network:
    """The first place of each item buys and feeds the second, over two days twice a week."""
    moved = (spine["warehouse_id"] == "c/w1").to_numpy()
    above = np.where(moved, np.arange(len(spine)) - 1, -1)
    times = times.assign(
        lead_time_days_mean=np.where(moved, 2.0, times["lead_time_days_mean"]),
        lead_time_days_sd=np.where(moved, 0.5, times["lead_time_days_sd"]),
        lead_time_source=np.where(moved, "lane", times["lead_time_source"]),
        lane_interval_days=np.where(moved, 3.5, 0.0),
    )
    nothing = np.full(len(spine), None, object)
    table = times[KEYS].assign(
        source_kind=np.where(moved, "transfer", "supplier"),
        supplier_id=np.where(moved, nothing, times["supplier_id"].to_numpy(object)),
        from_warehouse_id=np.where(moved, np.full(len(spine), "c/w0", object), nothing),
    )
    return Network(table, times, above)


def _plan_seconds(rows: int, rng: np.random.Generator) -> dict[str, float]:
    """From classes to disposals; the forecast itself is another benchmark."""
    spine, receipts = _company(rows, rng)
    sums, forecasts, mean = _forecast(spine, rng)
    weeks = pd.date_range(end=pd.Timestamp(AS_OF) - pd.Timedelta(days=7), periods=104, freq="W-MON")
    history = spine[KEYS].loc[spine.index.repeat(104)].reset_index(drop=True)
    units = rng.poisson(mean[:, None], (rows, 104)).ravel().astype(float)
    history = history.assign(period_start_date=np.tile(weeks, rows), demand_units=units, demand_units_imputed=units,
                             is_censored=False)  # fmt: skip
    used = spine[KEYS].assign(consumption_units=mean * 52, consumption_value=mean * 52 * spine["unit_cost_latest"])
    accuracy = spine[KEYS].assign(is_chosen=True, wape=rng.gamma(3, 0.2, rows))
    balances = spine[KEYS].assign(on_hand_units=rng.poisson(mean * 5), available_units=rng.poisson(mean * 5))
    coming = spine[[*KEYS, "default_supplier_id"]].iloc[::4].rename(columns={"default_supplier_id": "supplier_id"})
    due = pd.Timestamp(AS_OF) + pd.Timedelta(days=9)
    supply = coming.assign(
        source="purchase_order", order_no=[f"p{k}" for k in range(len(coming))], order_line_id="1", from_warehouse_id=None,
        order_date=pd.Timestamp(AS_OF), promised_date=due, due_date=due, open_units=20.0,
        unit_price=5.0, is_overdue=False, overdue_days=0,
    )  # fmt: skip
    policies, parameters = PolicySettings(), ParameterSettings()

    clock, worked = [time.perf_counter()], time.process_time()
    classes = classify(used, history, accuracy, spine, as_of=AS_OF, settings=ClassificationSettings(), previous=None)
    clock.append(time.perf_counter())
    network = _network(spine, lead_times(receipts, spine, as_of=AS_OF, settings=parameters))
    assigned = staged_policies(spine, classes, network, policies)
    review = assigned["review_period_days"].to_numpy(float)
    centres = heads(network.above)
    both = echelon_sum(mean, network.above)[centres, None] * KNOTS
    whole = DemandDistribution(spine.loc[centres, KEYS].reset_index(drop=True), 7.0, KNOTS,
                               moment_grid(both, both * 2.5, np.ones(len(both))), both, np.ones(len(both)))  # fmt: skip
    demand = staged_demand(
        spine[KEYS], sums, (whole.keys, whole), network, review, frequency="W", settings=parameters
    )  # fmt: skip
    clock.append(time.perf_counter())
    inputs = PlanInputs(spine, assigned, demand, forecasts, balances, supply, network=network)
    schedule = ScheduleSettings()
    timed = timed_plan(inputs, as_of=AS_OF, frequency="W", settings=policies, schedule=schedule)
    result = timed.table
    clock.append(time.perf_counter())
    tables = over_time(supply, timed, network, pd.Timestamp(AS_OF), schedule)
    clock.append(time.perf_counter())
    figures = result.select_dtypes(float).drop(columns=["holding_cost_year_value", "cover_days", "position_units"])
    if not np.isfinite(figures.to_numpy()).all() or (figures.to_numpy() < 0).any():
        raise AssertionError("the plan holds a figure that is not finite or negative")
    names = ("classify_seconds", "lead_time_demand_seconds", "plan_seconds", "walk_52_weeks_seconds")
    steps = {name: round(float(step), 1) for name, step in zip(names, np.diff(clock), strict=True)}
    moves = suggest_transfers(result, spine, as_of=AS_OF, settings=TransferSettings(), policies=policies)
    bought = buy_after_transfers(result, moves, spine, policies)
    clock.append(time.perf_counter())
    letting_go = DisposalInputs(
        bought, spine, assigned.set_index(KEYS)["max_cover_days"],
        lane_table(sorted(spine["warehouse_id"].unique()), TransferSettings()),
    )  # fmt: skip
    ways = rank_disposals(
        letting_go, as_of=AS_OF, settings=DisposalSettings(), holding_rate=policies.holding_rate, is_whole_units=True
    ).disposals
    capital_curve(spine, demand, result, None)
    clock.append(time.perf_counter())
    steps |= {
        "transfers_seconds": round(clock[-2] - clock[-3], 1),
        "disposals_seconds": round(clock[-1] - clock[-2], 1),
    }
    counts = {
        "transfers": len(moves),
        "disposals": len(ways),
        **{name: len(table) for name, table in tables.items()},
    }
    return {
        **steps,
        **counts,
        "planned_total_seconds": round(clock[-1] - clock[0], 1),
        "planned_cpu_seconds": round(time.process_time() - worked, 1),
    }


def _replay_seconds(rows: int, days: int, rng: np.random.Generator) -> dict[str, float]:
    spine, receipts = _company(rows, rng)
    measured = lead_times(receipts, spine, as_of=AS_OF, settings=ParameterSettings())
    rate = rng.gamma(0.6, 1.2, rows) + 0.01
    count = rng.poisson(rate * days)
    codes = np.repeat(np.arange(rows), count)
    demand = ragged(codes, rng.integers(0, days, len(codes)), np.ones(len(codes)), rows)
    vintages = np.arange(0, days, 28)
    level = np.repeat((rate * 25)[:, None], len(vintages), 1)
    path = LevelPath(vintages, level, level * 2, level, level * 0.3)
    leads = lead_time_draws(receipts, measured, min_own=5)
    none = ragged(np.zeros(0, int), np.zeros(0, int), np.zeros(0), rows)
    scene = Scene(days, 60, demand, none, leads, rate * 20, np.zeros(rows), np.ones(rows), np.zeros(rows))
    policy = rng.choice(np.array(["r_q", "s_s", "r_s", "two_bin"], object), rows)
    run_policy(scene, policy[:0], np.ones(0), path, settings=ReplaySettings())
    start, worked = time.perf_counter(), time.process_time()
    result = run_policy(scene, policy, np.ones(rows), path, settings=ReplaySettings())
    seconds, cpu = time.perf_counter() - start, time.process_time() - worked
    fill = float(result["filled_units"].sum() / result["demand_units"].sum())
    return {
        "replay_seconds": round(seconds, 1),
        "replay_cpu_seconds": round(cpu, 1),
        "replay_fill_rate": round(fill, 4),
    }


def main(argv: list[str]) -> dict[str, Any]:
    """Seconds of each step, kept in results/planning.json."""
    parser = argparse.ArgumentParser(prog="planning")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=730)
    options = parser.parse_args(argv)
    rng = np.random.default_rng(20261121)
    figures = {"rows": options.rows, "days": options.days, "aim_seconds": 300}
    figures |= _plan_seconds(options.rows, rng)
    figures |= _replay_seconds(options.rows, options.days, rng)
    save_result("planning", figures, seed=20261121, packages=["numpy", "pandas", "numba"])
    return figures
