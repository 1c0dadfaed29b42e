"""Does the replay's promise hold? The demo company run again with the plan's levels in charge, beside what was promised.

The daily run has replayed the company's policies over the last year, from its damaged extracts, and published what they would
have served and tied up (`planning.policy_replay`). Then the simulator lives the same year once more: the same customers
and the same suppliers, but from the window's first day on the clerks' rule is replaced by the replay's levels, along the
network: the centre sends to the regions and buys for all, by the same step as the plan (`network.order_step`,
`network.ration`). Fill rate and stock are compared. With `--ahead N` it also lives the N days after the run, with the published
levels in charge and never set again; with `--policy FILE` the levels are those of a what-if instead of the published ones.

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

from assets.planning.network.network import Network
from assets.planning.network.order_step import order_units
from assets.planning.network.ration import divide
from assets.planning.network.staged import staged_policies
from assets.planning.network.stages import members
from assets.planning.pipeline import known
from assets.planning.policy.rounding import clean_limits
from assets.planning.policy.row_levels import number
from assets.planning.replay.level_path import LevelPath
from assets.planning.replay.replay import ReplayResult
from assets.planning.replay.run import kinds
from assets.planning.replay.what_if import PolicyFile, changed_policies
from assets.planning.settings import PlanningSettings
from assets.planning.what_if import day_of_the_plan, replay_what_if
from benchmarks.recording import save_result
from demo.handover import Served, served
from demo.settings import DemoSettings
from demo.vocabulary import WAREHOUSES
from demo.world import run_world

KEYS = ["item_id", "warehouse_id"]
#: Points of fill rate and share of stock by which the promise may miss.
FILL_TOLERANCE, STOCK_TOLERANCE = 0.01, 0.03


@dataclass
class NetworkPlanner:
    """Levels in charge of the simulated company, row by row of the plan.

    at: item and warehouse number of each row. above: row that feeds each, -1: it buys. policy, review: of each row. path:
    levels by day from first_day on; of a row that feeds others those of its echelon.
    """

    first_day: date
    at: tuple[np.ndarray, np.ndarray]
    above: np.ndarray
    policy: np.ndarray
    review: np.ndarray
    minimum: np.ndarray
    multiple: np.ndarray
    path: LevelPath

    def __post_init__(self) -> None:
        """Who is below whom, once."""
        self.kind = kinds(self.policy)
        self.days = np.maximum(np.rint(self.review), 1).astype(int)
        self.below = {head: np.flatnonzero(self.above == head) for head in np.unique(self.above[self.above >= 0])}
        self.member, self.head = members(self.above)

    def moves(self, day: date, shelf: np.ndarray, position: np.ndarray) -> np.ndarray:
        """What the centre sends: rows whose lane is due ask for what lifts them to their level, a shortage is divided."""
        vintage, due = self._due(day)
        sent = np.zeros_like(position)
        here, stock = position[self.at].astype(float), shelf[self.at].astype(float)
        for head, rows in self.below.items():
            asks = [(int(row), self._units(int(row), here[row], vintage, 0.0)) for row in rows if due[row]]
            asks = [(row, units) for row, units in asks if units > 0]
            if not asks or stock[head] <= 0:
                continue
            rows_asking = [row for row, _ in asks]
            held = np.array([0.0, *here[rows_asking]])
            target = held + np.array([0.0, *(units for _, units in asks)])
            given = np.zeros(len(held))
            keep = 0.0 if self.path.keep is None else float(self.path.keep[head, vintage])
            divide(stock[head], keep, held, target, given, self.multiple[rows_asking[0]])
            for row, units in zip(rows_asking, given[1:], strict=True):
                sent[self.at[0][row], self.at[1][row]] = int(units)
        return sent

    def orders(self, day: date, position: np.ndarray) -> np.ndarray:
        """What is bought: rows that buy are reviewed by what they and all below them hold and have coming."""
        vintage, due = self._due(day)
        here = position[self.at].astype(float)
        whole = here.copy()
        whole[self.head[self.member == self.head]] = 0.0
        np.add.at(whole, self.head, here[self.member])
        units = np.zeros_like(position)
        for row in np.flatnonzero((self.above < 0) & due):
            wanted = self._units(int(row), whole[row], vintage, self.minimum[row])
            units[self.at[0][row], self.at[1][row]] = int(np.ceil(wanted - 1e-9))
        return units

    def _units(self, row: int, position: float, vintage: int, minimum: float) -> float:
        levels = self.path
        return float(
            order_units(
                self.kind[row], position, levels.reorder[row, vintage], levels.up_to[row, vintage],
                levels.lot[row, vintage], minimum, self.multiple[row],
            )
        )  # fmt: skip

    def _due(self, day: date) -> tuple[int, np.ndarray]:
        elapsed = (day - self.first_day).days
        vintage = int(np.searchsorted(self.path.day, elapsed, side="right")) - 1
        # closed days push a review to the next working day, so the days since the last multiple are compared
        return vintage, (elapsed % self.days) <= np.where(self.days > 1, _closed_before(day), 0)


def _closed_before(day: date) -> int:
    """Closed days right before a day."""
    from demo.calendar_cn import is_working

    closed = 0
    while not is_working(day - timedelta(days=closed + 1)):
        closed += 1
    return closed


def planner_of(
    spine: pd.DataFrame, network: Network, policy: np.ndarray, review: np.ndarray, path: LevelPath, known_rows: np.ndarray,
    at: tuple[np.ndarray, np.ndarray], first_day: date,
) -> NetworkPlanner:  # fmt: skip
    """A planner of the rows that the simulator covers; all arrays are of the whole spine but `at`."""
    minimum, multiple = clean_limits(number(spine, "moq_units"), number(spine, "order_multiple_units"), True)
    place = np.full(len(spine), -1)
    place[known_rows] = np.arange(int(known_rows.sum()))
    above = np.where(network.above >= 0, place[network.above], -1)[known_rows]
    levels = LevelPath(
        path.day, path.reorder[known_rows], path.up_to[known_rows], path.lot[known_rows], path.safety[known_rows],
        None if path.keep is None else path.keep[known_rows],
    )  # fmt: skip
    return NetworkPlanner(
        first_day, at, above, policy[known_rows], review[known_rows], minimum[known_rows],
        np.where(network.is_moved, 1.0, multiple)[known_rows], levels,
    )  # fmt: skip


def _rows(spine: pd.DataFrame, settings: DemoSettings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which rows of the spine the simulator covers, and their item and warehouse numbers."""
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


@dataclass(frozen=True)
class Promise:
    """What the product promised: the result of its replay, the policies and reviews of every row, and the network."""

    as_of: date
    spine: pd.DataFrame
    network: Network
    review: np.ndarray
    result: ReplayResult


def promise_of(
    connection: duckdb.DuckDBPyConnection, planning: PlanningSettings, document: PolicyFile | None, refit_days: int
) -> Promise:
    """The daily run's own replay, or that of a what-if file.

    Raises:
        AssertionError: the replay computed here is not the one that the run published.
    """
    as_of = day_of_the_plan(connection)
    company = known(connection, as_of, planning)
    policies = planning.policy if document is None else changed_policies(planning.policy, document)
    assigned = staged_policies(company.spine, company.classified.current, company.network, policies)
    if document is not None:
        result = replay_what_if(connection, document, planning, refit_days=refit_days).changed
    else:
        if company.replay is None:
            raise ValueError("the history is too short for a replay")
        result = company.replay
        published = (
            connection.execute("select * from planning.policy_replay").df().set_index(KEYS)["replay_filled_units"]
        )
        here = result.table.set_index(KEYS)["replay_filled_units"]
        if not np.allclose(published.reindex(here.index), here):
            raise AssertionError(
                "the replay is not the one that the run published: run the pipeline with this code first"
            )
    return Promise(as_of, company.spine, company.network, assigned["review_period_days"].to_numpy(float), result)


def check(found: Promise, planning: PlanningSettings, demo: DemoSettings) -> dict[str, Any]:
    """Promise and truth, of the replayed policies and of what the clerks did, over the replay's window."""
    known_rows, item, warehouse = _rows(found.spine, demo)
    table = found.result.table
    measured = pd.Timestamp(table["window_from_date"].iloc[0]).date()
    planner = planner_of(
        found.spine, found.network, table["policy"].to_numpy(object), found.review, found.result.path, known_rows,
        (item, warehouse), measured - timedelta(days=planning.replay.warm_up_days),
    )  # fmt: skip
    last = found.as_of - timedelta(days=1)
    cost = number(found.spine[known_rows], "unit_cost_latest")
    truth = _side(served(run_world(demo, planner), measured, last), (item, warehouse), cost)
    clerks = _side(served(run_world(demo), measured, last), (item, warehouse), cost)
    sides = {
        side: {
            name: round(float(found.result.summary[f"{side}_{name}"]), digits)
            for name, digits in (("fill_rate", 4), ("fill_rate_by_value", 4), ("average_stock_value", 0))
        }
        for side in ("replay", "actual")
    }
    promise = sides["replay"]
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
        "clerks_as_recorded": sides["actual"],
        "clerks_in_truth": clerks,
        "better_than_clerks": {
            "fill_points": round((truth["fill_rate"] - clerks["fill_rate"]) * 100, 2),
            "stock_rate": round(truth["average_stock_value"] / clerks["average_stock_value"] - 1, 4),
        },
    }


def look_ahead(connection: duckdb.DuckDBPyConnection, found: Promise, demo: DemoSettings, days: int) -> dict[str, Any]:
    """The days after the run under the published levels, and under the clerks; the first third runs unmeasured."""
    plan = connection.execute("select * from planning.replenishment").df().set_index(KEYS)
    level = plan.reindex(pd.MultiIndex.from_frame(found.spine[KEYS]))
    columns = [f"{name}_units" for name in ("reorder_point", "order_up_to", "order_quantity", "safety_stock")]
    path = LevelPath(np.zeros(1, int), *(level[name].to_numpy(float)[:, None] for name in columns))
    known_rows, item, warehouse = _rows(found.spine, demo)
    later = replace(demo, end_date=found.as_of + timedelta(days=days))
    first, last = found.as_of + timedelta(days=1 + days // 3), later.end_date
    planner = planner_of(
        found.spine, found.network, level["policy"].to_numpy(object), found.review, path, known_rows, (item, warehouse),
        found.as_of + timedelta(days=1),
    )  # fmt: skip
    cost = number(found.spine[known_rows], "unit_cost_latest")
    sides = {"published_levels": run_world(later, planner), "clerks": run_world(later)}
    ahead = {name: _side(served(world, first, last), (item, warehouse), cost) for name, world in sides.items()}
    return {"window": [str(first), str(last)], **ahead}


def main(argv: list[str]) -> dict[str, Any]:
    """Promise against truth for the published policies and, where a file is given, for it."""
    from assets.documents import load_document
    from orchestration.settings import load_settings

    parser = argparse.ArgumentParser(prog="promise")
    parser.add_argument("--config", type=Path, default=Path("config/demo.yml"))
    parser.add_argument("--policy", type=Path, help="a what-if file instead of the published policies")
    parser.add_argument("--refit-days", type=int, default=28, help="of the what-if; the daily run has its own")
    parser.add_argument("--ahead", type=int, default=0, help="also the days after the run, under the published levels")
    parser.add_argument("--seed", type=int, default=DemoSettings().seed)
    parser.add_argument("--items", type=int, default=DemoSettings().items)
    parser.add_argument("--days", type=int, default=DemoSettings().days)
    options = parser.parse_args(argv)
    settings = load_settings(options.config)
    planning = settings.planning.at_frequency(settings.demand_frequency, settings.seed)
    document = load_document(options.policy, PolicyFile) if options.policy else None
    demo = DemoSettings(seed=options.seed, items=options.items, days=options.days)
    name = document.name if document else "published policies"
    with duckdb.connect(str(settings.workspace().warehouse), read_only=True) as connection:
        found = promise_of(connection, planning, document, options.refit_days)
        figures = {"policies": name, **check(found, planning, demo)}
        if options.ahead:
            figures["ahead"] = look_ahead(connection, found, demo, options.ahead)
    save_result(
        f"promise_{name.replace(' ', '_').lower()}",
        figures,
        seed=options.seed,
        packages=["numpy", "pandas", "numba"],
    )
    return figures
