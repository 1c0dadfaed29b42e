"""Does the replay's promise hold? The demo company run again with the replayed levels in charge, beside what was promised.

The pipeline reads the company's spoilt extracts and replays its policies over the last year. Then the simulator lives
the same year once more: the same customers and the same suppliers, but from the window's first day on the clerks' rule
is replaced by the replay's levels, through the plan's own order function. Fill rate and stock are compared. With
`--ahead N` it also lives the N days after the run, with the published levels in charge and never set anew.

    python -m demo --out var/demo && stockturn run && python -m benchmarks promise [--config config/demo.yml]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from assets.planning.policy.assign import assign_policies
from assets.planning.policy.levels import Levels
from assets.planning.policy.rounding import clean_limits
from assets.planning.policy.row_levels import number
from assets.planning.policy.suggest import suggest
from assets.planning.replay.level_path import LevelPath
from assets.planning.replay.what_if import PolicyFile, changed_policies
from assets.planning.settings import PlanningSettings
from assets.planning.what_if import WhatIf, replay_what_if
from benchmarks.recording import save_result
from demo.handover import Served, served
from demo.settings import DemoSettings
from demo.vocabulary import WAREHOUSES
from demo.world import run_world

KEYS = ["item_id", "warehouse_id"]
#: Points of fill rate and share of stock by which the promise may miss. Set 2026-11-22 on the demo company: the replay
#: knows neither closed days nor deliveries in parts nor customers who cancel, which cost what is measured below.
FILL_TOLERANCE, STOCK_TOLERANCE = 0.02, 0.10
NO_WASTE_LIMIT = 1.0


@dataclass
class LevelPlanner:
    """The replay's levels in charge of the simulated company; rows of the spine are mapped to its items and warehouses."""

    first_day: date
    spine: pd.DataFrame
    assigned: pd.DataFrame
    path: LevelPath
    at: tuple[np.ndarray, np.ndarray]

    def orders(self, day: date, position: np.ndarray) -> np.ndarray:
        """Units to order on the evening of a day: what the plan suggests, for rows whose review is due."""
        elapsed = (day - self.first_day).days
        vintage = int(np.searchsorted(self.path.day, elapsed, side="right")) - 1
        levels = Levels(
            *(each[:, vintage] for each in (self.path.safety, self.path.reorder, self.path.up_to, self.path.lot))
        )
        minimum, multiple = clean_limits(
            number(self.spine, "moq_units"), number(self.spine, "order_multiple_units"), True
        )
        policy = self.assigned["policy"].to_numpy(object)
        open_ended = np.full(len(policy), np.inf)
        found = suggest(policy, levels, position[self.at].astype(float), minimum, multiple, open_ended, NO_WASTE_LIMIT)
        review = np.maximum(np.rint(self.assigned["review_period_days"].to_numpy(float)), 1).astype(int)
        units = np.zeros_like(position)
        # closed days push a review to the next working day, so the days since the last multiple are compared
        due = (elapsed % review) <= np.where(review > 1, self._closed_before(day), 0)
        units[self.at] = np.where(due, np.ceil(found.units - 1e-9), 0).astype(np.int64)
        return units

    def _closed_before(self, day: date) -> int:
        """Closed days right before a day."""
        from demo.calendar_cn import is_working

        closed = 0
        while not is_working(day - timedelta(days=closed + 1)):
            closed += 1
        return closed


def _rows(spine: pd.DataFrame, settings: DemoSettings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which rows of the spine the simulator knows, and their item and warehouse numbers."""
    from demo.catalogue import build_catalogue

    items = {item.code: place for place, item in enumerate(build_catalogue(settings).items)}
    warehouses = {row[0]: place for place, row in enumerate(WAREHOUSES)}
    item = spine["item_code"].map(items)
    warehouse = spine["warehouse_code"].map(warehouses)
    known = (item.notna() & warehouse.notna()).to_numpy()
    return known, item[known].to_numpy(int), warehouse[known].to_numpy(int)


def _side(row: Served, at: tuple[np.ndarray, np.ndarray], cost: np.ndarray) -> dict[str, float]:
    weight = np.nan_to_num(cost)
    wanted, on_time = row.wanted[at], row.on_time[at]
    return {
        "fill_rate": round(float(on_time.sum() / wanted.sum()), 4),
        "fill_rate_by_value": round(float((on_time * weight).sum() / (wanted * weight).sum()), 4),
        "average_stock_value": round(float((row.mean_stock[at] * weight).sum())),
    }


def check(
    connection: duckdb.DuckDBPyConnection,
    found: WhatIf,
    planning: PlanningSettings,
    demo: DemoSettings,
    document: PolicyFile,
) -> dict[str, Any]:
    """Promise and truth, of the replayed policies and of what the clerks did, over the replay's window."""
    spine = connection.execute("select * from intermediate.int_item_warehouses order by item_id, warehouse_id").df()
    classes = connection.execute("select * from planning.item_classes").df()
    known, item, warehouse = _rows(spine, demo)
    assigned = assign_policies(spine, classes, changed_policies(planning.policy, document))
    whole = found.changed.path
    path = LevelPath(whole.day, *(each[known] for each in (whole.reorder, whole.up_to, whole.lot, whole.safety)))
    table = found.changed.table
    measured = pd.Timestamp(table["window_from_date"].iloc[0]).date()
    warm_up = planning.replay.warm_up_days
    planner = LevelPlanner(measured - timedelta(days=warm_up), spine[known], assigned[known], path, (item, warehouse))
    last = found.as_of - timedelta(days=1)
    cost = number(spine[known], "unit_cost_latest")
    truth = _side(served(run_world(demo, planner), measured, last), (item, warehouse), cost)
    clerks = _side(served(run_world(demo), measured, last), (item, warehouse), cost)
    promise = {
        "fill_rate": round(float(found.changed.summary["replay_fill_rate"]), 4),
        "fill_rate_by_value": round(float(found.changed.summary["replay_fill_rate_by_value"]), 4),
        "average_stock_value": round(float(found.changed.summary["replay_average_stock_value"])),
    }
    past = {
        "fill_rate": round(float(found.changed.summary["actual_fill_rate"]), 4),
        "fill_rate_by_value": round(float(found.changed.summary["actual_fill_rate_by_value"]), 4),
        "average_stock_value": round(float(found.changed.summary["actual_average_stock_value"])),
    }
    fill_gap = truth["fill_rate"] - promise["fill_rate"]
    stock_gap = truth["average_stock_value"] / promise["average_stock_value"] - 1
    return {
        "window": [str(measured), str(last)],
        "promised": promise,
        "run_forward": truth,
        "fill_gap_points": round(fill_gap * 100, 2),
        "stock_gap_rate": round(stock_gap, 4),
        "holds": bool(abs(fill_gap) <= FILL_TOLERANCE and abs(stock_gap) <= STOCK_TOLERANCE),
        "tolerance": {"fill_points": FILL_TOLERANCE * 100, "stock_rate": STOCK_TOLERANCE},
        "clerks_as_recorded": past,
        "clerks_in_truth": clerks,
        "freed_at_equal_fill": {k: round(v, 4) if isinstance(v, float) else v for k, v in found.freed.items()},
    }


def look_ahead(
    connection: duckdb.DuckDBPyConnection, as_of: date, planning: PlanningSettings, demo: DemoSettings, days: int
) -> dict[str, Any]:
    """The days after the run under the published levels, and under the clerks; the first third runs unmeasured."""
    spine = connection.execute("select * from intermediate.int_item_warehouses order by item_id, warehouse_id").df()
    classes = connection.execute("select * from planning.item_classes").df()
    plan = connection.execute("select * from planning.replenishment").df().set_index(KEYS)
    known, item, warehouse = _rows(spine, demo)
    rows = spine[known]
    level = plan.reindex(pd.MultiIndex.from_frame(rows[KEYS]))
    columns = [f"{name}_units" for name in ("reorder_point", "order_up_to", "order_quantity", "safety_stock")]
    path = LevelPath(np.zeros(1, int), *(level[name].to_numpy(float)[:, None] for name in columns))
    assigned = assign_policies(spine, classes, planning.policy)[known]
    later = replace(demo, end_date=as_of + timedelta(days=days))
    first, last = as_of + timedelta(days=1 + days // 3), later.end_date
    planner = LevelPlanner(as_of + timedelta(days=1), rows, assigned, path, (item, warehouse))
    cost = number(rows, "unit_cost_latest")
    sides = {"published_levels": run_world(later, planner), "clerks": run_world(later)}
    found = {name: _side(served(world, first, last), (item, warehouse), cost) for name, world in sides.items()}
    return {"window": [str(first), str(last)], **found}


def main(argv: list[str]) -> dict[str, Any]:
    """Promise against truth for the present policies and, where a file is given, for it."""
    from assets.documents import load_document
    from orchestration.settings import load_settings

    parser = argparse.ArgumentParser(prog="promise")
    parser.add_argument("--config", type=Path, default=Path("config/demo.yml"))
    parser.add_argument("--policy", type=Path, help="a what-if file instead of the present policies")
    parser.add_argument("--refit-days", type=int, default=28)
    parser.add_argument("--ahead", type=int, default=0, help="also the days after the run, under the published levels")
    parser.add_argument("--seed", type=int, default=DemoSettings().seed)
    parser.add_argument("--items", type=int, default=DemoSettings().items)
    parser.add_argument("--days", type=int, default=DemoSettings().days)
    options = parser.parse_args(argv)
    settings = load_settings(options.config)
    planning = settings.planning.at_frequency(settings.demand_frequency, settings.seed)
    document = load_document(options.policy, PolicyFile) if options.policy else PolicyFile(name="present policies")
    demo = DemoSettings(seed=options.seed, items=options.items, days=options.days)
    with duckdb.connect(str(settings.workspace().warehouse), read_only=True) as connection:
        found = replay_what_if(connection, document, planning, refit_days=options.refit_days)
        figures = {"policies": document.name, **check(connection, found, planning, demo, document)}
        if options.ahead:
            figures["ahead"] = look_ahead(connection, found.as_of, planning, demo, options.ahead)
    save_result(
        f"promise_{document.name.replace(' ', '_').lower()}",
        figures,
        seed=options.seed,
        packages=["numpy", "pandas", "numba"],
    )
    return figures
