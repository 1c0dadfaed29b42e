"""The clerks' handover: before it nothing changes, after it a planner's orders are what arrives.

Prevents: a check of the replay's promise against a world that differs from the company by more than the planner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from demo.handover import IntArray, served
from demo.settings import DEFAULT_END, DemoSettings
from demo.world import run_world

TINY = DemoSettings(seed=3, items=24, days=100)
HANDOVER = DEFAULT_END - timedelta(days=49)


@dataclass
class Filler:
    """Buys for the centre up to three times a level, and fills every region up to the level from there."""

    first_day: date
    kept: np.ndarray
    level: int

    def moves(self, day: date, shelf: IntArray, position: IntArray) -> IntArray:
        wanted = np.where(self.kept, np.clip(self.level - position, 0, None), 0)
        wanted[:, 0] = 0
        return np.minimum(wanted, shelf[:, [0]] // 2)

    def orders(self, day: date, position: IntArray) -> IntArray:
        units = np.zeros_like(position)
        units[:, 0] = np.where(self.kept[:, 0], np.clip(3 * self.level - position.sum(axis=1), 0, None), 0)
        return units


def test_only_the_planner_changes_and_its_goods_come_to_their_warehouse() -> None:
    clerks = run_world(TINY)
    stocked = clerks.catalogue.is_stocked
    full = run_world(TINY, Filler(HANDOVER, stocked, 3_000))
    nothing = run_world(TINY, Filler(HANDOVER, stocked, 0))
    before = (HANDOVER - TINY.start_date).days
    for day in range(before):
        assert (full.physical_totals[day] == clerks.physical_totals[day]).all()
    assert [row[:4] for row in full.true_demand] == [row[:4] for row in clerks.true_demand]
    placed = [line for lines in full.purchases.values() for line in lines if line.order_date >= HANDOVER]
    assert {line.warehouse for line in placed} == {0}
    # the centre sends only what it is told to, to both regions
    sent = [line for line in full.books.transfers if line.business_date >= HANDOVER]
    assert {line.to_warehouse for line in sent} == {1, 2} and all(line.units > 0 for line in sent)
    late = DEFAULT_END - timedelta(days=13)
    rich, poor = (served(world, late, DEFAULT_END) for world in (full, nothing))
    # 2 %: who walks away unrecorded is counted on the day of the wish, who orders on the day requested, up to 13 days later
    assert abs(rich.wanted.sum() / poor.wanted.sum() - 1) < 0.02
    assert rich.on_time.sum() > 1.5 * poor.on_time.sum()
    assert rich.mean_stock[stocked].mean() > 4 * poor.mean_stock[stocked].mean()
    # every place was filled to 3,000 and the last orders are hardly older than the lead times
    assert 0.97 < rich.on_time.sum() / rich.wanted.sum() <= 1


def test_what_is_served_agrees_with_the_stock_out_rate_of_the_history() -> None:
    """`served` counts units, the history counts lines: where every line is complete on time both must say so."""
    world = run_world(TINY)
    whole = served(world, TINY.start_date, TINY.end_date)
    short = 1 - whole.on_time.sum() / whole.wanted.sum()
    assert (whole.on_time <= whole.wanted).all()
    assert 0.2 * world.stockout_line_rate() < short < 3 * world.stockout_line_rate()
