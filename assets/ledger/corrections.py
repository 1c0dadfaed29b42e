"""Corrections of a receipt that come after it: another value (invoice, landed cost, rebate), or a red document that takes it back.

A cluster with corrections is run once more for each day that has any: as if its receipts had read from the start as they read after that
day. What each run says of the stock and of the cost of sales on the day, less what the run before says, is what the corrections of the
day change, and is booked on that day, per item and warehouse: what is left takes its part, and what was sold takes its part, under every
way of costing, through transfers, lots, returns and conversions. Movements up to the day keep what they were booked at; later ones cost
what they cost in the later run. So nothing is booked backwards, and the stock is worth what it would be worth had the receipt been right.

Costs one run of the cluster per day of corrections, and nothing where there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assets.ledger.engine import Saved, run
from assets.ledger.fields import E_COGS, E_COGS_CORRECTION, E_CORRECTION, EGRAIN, EGROUP, ESNAP, ESRC, ISRC, K_MOVE
from assets.ledger.prepare import Ints, Movements
from assets.ledger.results import CorrectionEntries, Result
from assets.ledger.scale import NULL_COST, VALUE_DIVISOR
from assets.ledger.settings import LedgerSettings

_PER_ROW = ("grain", "kind", "entry", "date", "month", "expiry", "group", "ref", "is_demand")


def run_corrected(
    data: Movements,
    settings: LedgerSettings,
    snapshot_days: Sequence[int],
    saved: Saved | None = None,
    threads: int = 2,
    emit_from: Ints | None = None,
) -> Result:
    """Like `engine.run`, with the corrections of receipts booked on their days."""
    if not len(data.fix_row):
        return _refused(data, run(data, settings, snapshot_days, saved, threads, emit_from))
    saved = saved or Saved()
    begun = replace(saved, costs=_copy(saved.costs), items=_copy(saved.items))
    quantity = data.quantity.copy()
    quantity[data.fix_row] = 0
    booked = run(replace(data, quantity=quantity), settings, snapshot_days, saved, threads, emit_from)
    return _refused(data, _Versions(data, settings, snapshot_days, begun, threads, emit_from, booked).run())


@dataclass
class _Versions:
    """The runs of the clusters that have corrections, one after the other."""

    data: Movements
    settings: LedgerSettings
    snapshot_days: Sequence[int]
    saved: Saved
    threads: int
    emit_from: Ints | None
    booked: Result

    def run(self) -> Result:
        data = self.data
        cluster_of_row = data.cluster_of_item[data.grains.codes["item_id"][data.grain]]
        fix_cluster, fix_day = cluster_of_row[data.fix_row], data.date[data.fix_row]
        by_day = np.lexsort((data.fix_row, fix_day, fix_cluster))
        cluster, day, row, target = (a[by_day] for a in (fix_cluster, fix_day, data.fix_row, data.fix_target))
        is_new_cluster = np.append(True, cluster[1:] != cluster[:-1])
        is_new_day = is_new_cluster | np.append(True, day[1:] != day[:-1])
        number = np.cumsum(is_new_day)
        version = (
            number - np.repeat(number[is_new_cluster], np.diff(np.append(np.flatnonzero(is_new_cluster), len(row)))) + 1
        )
        # The rows of these clusters alone, in ledger order; `rows` is where they are in the whole.
        is_mine = np.zeros(len(data.bounds) - 1, dtype=np.bool_)
        is_mine[cluster] = True
        rows = data.order[np.repeat(is_mine, np.diff(data.bounds))]
        at = np.full(len(data.quantity), -1, dtype=np.int64)
        at[rows] = np.arange(len(rows))
        self.rows, self.row_cluster = rows, cluster_of_row[rows]
        self.quantity, self.cost, self.amount = data.quantity[rows], data.cost[rows], data.amount[rows]
        self.quantity[at[row]] = 0
        own = np.zeros(len(row), dtype=np.int64)
        before = _Figures.of(self.booked, rows)
        final = self.booked
        extra: list[CorrectionEntries] = []
        for now in range(1, int(version.max()) + 1):
            chosen = np.flatnonzero(version == now)
            own[chosen] = [self._apply(int(row[one]), int(at[row[one]]), int(at[target[one]])) for one in chosen]
            day_of_cluster = np.full(len(data.bounds) - 1, np.iinfo(np.int32).max, dtype=np.int64)
            day_of_cluster[cluster[chosen]] = day[chosen]
            result, live = self._again(np.isin(self.row_cluster, cluster[chosen]))
            after = before.replaced(_Figures.of(result, np.arange(len(live))), live)
            fixed = row[chosen].astype(np.int64)
            extra.append(self._changes(before, after, day_of_cluster, fixed, own[chosen]))
            final = self._taken_over(final, result, live, day_of_cluster, after)
            before = after
        final.value[row] = own
        final.known[row] = True
        return replace(final, corrections=CorrectionEntries.joined(extra))

    def _apply(self, row: int, here: int, target: int) -> int:
        """Let the receipt at `target` read as after the correction `row`; returns the value that the correction brings."""
        quantity = int(self.quantity[target])
        amount = int(self.amount[target])
        if amount == NULL_COST:
            amount = _rounded(quantity * int(self.cost[target]), VALUE_DIVISOR)
        taken = -int(self.data.quantity[row])
        own = int(self.amount[here]) if taken == 0 else -_rounded(amount * taken, quantity)
        self.quantity[target] = quantity - taken
        self.amount[target] = amount + own
        if quantity > taken:
            self.cost[target] = _rounded((amount + own) * VALUE_DIVISOR, quantity - taken)
        return own

    def _again(self, is_live: NDArray[np.bool_]) -> tuple[Result, Ints]:
        """The clusters of these rows from the start; also where in `self.rows` their rows are."""
        data, live = self.data, np.flatnonzero(is_live)
        rows = self.rows[live]
        counts = np.bincount(self.row_cluster[live], minlength=len(data.bounds) - 1)
        part = replace(
            data, count=len(rows), order=np.arange(len(rows)), bounds=np.append(0, np.cumsum(counts)),
            quantity=self.quantity[live], cost=self.cost[live], amount=self.amount[live],
            standard=None if data.standard is None else data.standard[rows],
            **{name: getattr(data, name)[rows] for name in _PER_ROW},
        )  # fmt: skip
        mine = counts[self.saved.cluster] > 0
        saved = Saved(
            self.saved.layers[mine], self.saved.pool[mine], self.saved.cluster[mine], _copy(self.saved.costs), _copy(self.saved.items)
        )  # fmt: skip
        return run(part, self.settings, self.snapshot_days, saved, self.threads, self.emit_from), live

    def _changes(
        self, before: _Figures, after: _Figures, day_of_cluster: Ints, fix_rows: Ints, own: Ints
    ) -> CorrectionEntries:
        """What the day's corrections change, per place: in the cost of sales, and in the rest of the value of the stock."""
        data, rows = self.data, self.rows
        grain, days = data.grain[rows], day_of_cluster[self.row_cluster]
        counts = (data.date[rows] <= days) & (days < np.iinfo(np.int32).max) & data.grains.valued[grain]
        place = data.grains.place[grain]
        places = len(data.grains.place_item)
        stock, sold, uncosted = (np.zeros(places, dtype=np.int64) for _ in range(3))
        is_cogs = data.entry[rows] == E_COGS
        change = [
            getattr(after, name) - getattr(before, name) for name in ("value", "settlement", "sold", "uncosted_stock")
        ]
        np.add.at(stock, place[counts], (change[0] + change[1])[counts])
        np.add.at(sold, place[counts], (np.where(is_cogs, change[0], 0) + change[2])[counts])
        np.add.at(uncosted, place[counts], change[3][counts])
        day = np.zeros(places, dtype=np.int64)
        day[place[counts]] = days[counts]
        rest = stock - sold
        np.subtract.at(rest, data.grains.place[data.grain[fix_rows]], own)
        fix_of_cluster = np.full(len(data.bounds) - 1, -1, dtype=np.int64)
        fix_of_cluster[data.cluster_of_item[data.grains.codes["item_id"][data.grain[fix_rows]]][::-1]] = fix_rows[::-1]
        fix = fix_of_cluster[data.cluster_of_item[data.grains.place_item]]
        parts = []
        for kind, value, units in ((E_CORRECTION, rest, uncosted), (E_COGS_CORRECTION, sold, np.zeros_like(sold))):
            at = np.flatnonzero((value != 0) | (units != 0))
            nothing = np.zeros(len(at), dtype=np.int64)
            parts.append(CorrectionEntries(at, day[at], np.full(len(at), kind), value[at], units[at], fix[at], nothing))
        is_leg = (data.kind[rows] == K_MOVE) & (data.group[rows] >= 0) & counts
        under_way = np.zeros(len(data.bounds) - 1, dtype=np.int64)
        np.subtract.at(under_way, self.row_cluster[is_leg], change[0][is_leg])
        at = np.flatnonzero(under_way)
        row, nothing = fix_of_cluster[at], np.zeros(len(at), dtype=np.int64)
        here = data.grains.place[data.grain[row]].astype(np.int64)
        kinds = np.full(len(at), E_CORRECTION)
        parts.append(CorrectionEntries(here, day_of_cluster[at], kinds, nothing, nothing, row, under_way[at]))
        return CorrectionEntries.joined(parts)

    def _taken_over(self, final: Result, result: Result, live: Ints, day_of_cluster: Ints, after: _Figures) -> Result:
        """Movements after the day, snapshots from the day on, and the closing tables are those of the newer run."""
        data, rows = self.data, self.rows[live]
        is_later = data.date[rows] > day_of_cluster[self.row_cluster[live]]
        for name in ("value", "settlement", "cogs_settlement", "known", "uncosted", "uncosted_stock"):
            getattr(final, name)[rows[is_later]] = getattr(result, name)[is_later]
        # What is under way is proven by the last run alone.
        final.transit_settlement[rows] = result.transit_settlement
        days = np.asarray(self.snapshot_days, dtype=np.int64)

        def from_day(emitted: Ints) -> NDArray[np.bool_]:
            cluster = data.cluster_of_item[data.grains.codes["item_id"][emitted[EGRAIN]]]
            return days[emitted[ESNAP]] >= day_of_cluster[cluster]

        newer = result.emitted[:, from_day(result.emitted)]
        newer[ESRC] = _whole(rows, newer[ESRC])
        emitted = np.concatenate([final.emitted[:, ~from_day(final.emitted)], newer], axis=1)
        # In the order in which one run would have emitted them, so that what is under way is numbered alike.
        cluster = data.cluster_of_item[data.grains.codes["item_id"][emitted[EGRAIN]]]
        emitted = emitted[:, np.lexsort((emitted[EGROUP] >= 0, emitted[ESNAP], cluster))]
        items = np.flatnonzero(day_of_cluster[data.cluster_of_item] < np.iinfo(np.int32).max)
        pools = np.unique(data.grains.cost_pool[np.isin(data.grains.codes["item_id"], items)])
        final.costs[pools], final.items[items], final.transit[items] = (
            result.costs[pools], result.items[items], result.transit[items],
        )  # fmt: skip
        final.items[items, ISRC] = _whole(rows, final.items[items, ISRC])
        return replace(final, emitted=emitted)


@dataclass(frozen=True)
class _Figures:
    """Per row of the clusters that have corrections, what a run says."""

    value: Ints
    settlement: Ints
    sold: Ints
    uncosted_stock: Ints

    @staticmethod
    def of(result: Result, rows: Ints) -> _Figures:
        return _Figures(
            result.value[rows], result.settlement[rows], result.cogs_settlement[rows], result.uncosted_stock[rows]
        )

    def replaced(self, other: _Figures, rows: Ints) -> _Figures:
        """These, with those of the other run at `rows`."""
        parts = []
        for name in ("value", "settlement", "sold", "uncosted_stock"):
            figures = getattr(self, name).copy()
            figures[rows] = getattr(other, name)
            parts.append(figures)
        return _Figures(*parts)


def _whole(rows: Ints, part: Ints) -> Ints:
    """Rows of the whole for rows of a part; what is none of it (-1, sources of a saved state) stays."""
    is_row = (part >= 0) & (part < len(rows))
    return np.where(is_row, rows[np.where(is_row, part, 0)], part)


def _copy(table: Ints | None) -> Ints | None:
    return None if table is None else table.copy()


def _refused(data: Movements, result: Result) -> Result:
    """A correction that cannot be is not known."""
    result.known[data.fix_refused] = False
    return result


def _rounded(product: int, divisor: int) -> int:
    """product / divisor, half away from zero; divisor > 0."""
    whole = (2 * abs(product) + divisor) // (2 * divisor)
    return -whole if product < 0 else whole
