"""A ledger carried on day by day is the ledger computed at once. Guards against a state that forgets something."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from ledger_cases import as_table, move, numbered
from ledger_random import random_rows

from assets.ledger.incremental import compute_incremental
from assets.ledger.merge import content_hash, merge
from assets.ledger.scale import LedgerInputError
from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import compute_with_state
from assets.ledger.state_store import StateWriter, load, saved

BEGIN = date(2025, 5, 20)
DAYS = 30
FORTNIGHTS = {"C": tuple(date(2024, 1, 7) + timedelta(days=14 * number) for number in range(60))}
"""A company that closes every second Sunday, two of which are in the thirty days."""
MODES = [
    LedgerSettings(),
    LedgerSettings(ageing="resetting", flow="lifo", cost="specific", lots="named_else_any", calendars=FORTNIGHTS),
    LedgerSettings(flow="fefo", cost="moving_average", lots="any"),
    LedgerSettings(cost="monthly_average", calendars=FORTNIGHTS),
    LedgerSettings(cost="standard"),
]


def visible(table: pa.Table, day: date) -> pa.Table:
    """What had been entered by the evening of a day."""
    return table.filter(pc.less_equal(table["entered_date"], pa.scalar(day, pa.date32())))


def standards() -> pa.Table:
    items = [f"C/I{number:03d}" for number in range(40)]
    return pa.table(
        {
            "item_id": items * 2,
            "effective_date": pa.array([date(2025, 1, 1)] * 40 + [date(2025, 6, 3)] * 40, pa.date32()),
            "unit_cost": [5.0 + number for number in range(40)] + [5.5 + number for number in range(40)],
        }
    )


@pytest.mark.parametrize(
    "mode", MODES, ids=lambda mode: f"{mode.cost}-{mode.ageing}-{'periods' if mode.calendars else 'months'}"
)
def test_thirty_days_equal_one_run(mode: LedgerSettings, tmp_path: Path) -> None:
    """30 days with 5 % of documents up to 40 days late, one of them voided a day: every output has the hash of the full run, every day."""
    table = random_rows(11, 2500, entered=True)
    costs = standards() if mode.cost == "standard" else None
    void: set[str] = set()
    current = visible(table, BEGIN)
    tables, state = compute_with_state(current, as_of=BEGIN, settings=mode, standard_costs=costs)
    rng = np.random.default_rng(5)
    late = asked = 0
    for step in range(1, DAYS + 1):
        day = BEGIN + timedelta(days=step)
        victim = current.slice(int(rng.integers(0, len(current))), 1)
        void.add(victim["movement_key"][0].as_py())
        live = pc.invert(pc.is_in(table["movement_key"], value_set=pa.array(sorted(void))))
        after = visible(table.filter(live), day)
        changed = after.filter(pc.invert(pc.is_in(after["movement_key"], value_set=current["movement_key"])))
        late += sum(when < day for when in changed["business_date"].to_pylist())

        def history(items: list[str], after: pa.Table = after) -> pa.Table:
            nonlocal asked
            asked += len(items)
            return after.filter(pc.is_in(after["item_id"], value_set=pa.array(items)))

        writer = StateWriter(tmp_path, state.as_of, state.fingerprint)
        writer.put(state)
        writer.commit()
        head = saved(tmp_path)
        assert head is not None
        state = load(tmp_path, head, 0)
        delta = compute_incremental(
            changed, state=state, history=history, as_of=day, settings=mode, removed=victim, standard_costs=costs
        )
        tables, state, current = merge(tables, delta), delta.state, after
        whole, _ = compute_with_state(after, as_of=day, settings=mode, standard_costs=costs)
        assert content_hash(tables) == content_hash(whole), f"{day} differs"
    assert late >= 10, "the ledger has no late documents: the test would prove nothing"
    if mode.can_continue:
        assert asked < DAYS * 40, "every item is computed again every day: nothing is incremental"


def test_a_state_of_other_settings_is_refused() -> None:
    """Continuing under other rules would mix two ledgers."""
    table = random_rows(3, 60).select(random_rows(3, 1).column_names)
    _, state = compute_with_state(table, as_of=BEGIN, settings=LedgerSettings())
    with pytest.raises(LedgerInputError, match="other ledger settings"):
        compute_incremental(
            table, state=state, history=lambda items: table, as_of=BEGIN, settings=LedgerSettings(ageing="resetting")
        )


def test_an_earlier_day_is_refused() -> None:
    """A state cannot be rolled back."""
    table = random_rows(3, 60)
    _, state = compute_with_state(table, as_of=BEGIN, settings=LedgerSettings())
    with pytest.raises(LedgerInputError, match="later than"):
        compute_incremental(
            table, state=state, history=lambda items: table, as_of=BEGIN - timedelta(days=1), settings=LedgerSettings()
        )


def test_the_smallest_layer_and_a_negative_one_are_carried_on() -> None:
    """A millionth of A and 2 units of B that were sold before they came are in the state; a day later both are as in one run."""
    day = BEGIN + timedelta(days=1)
    rows = numbered(
        [
            move(BEGIN, "purchase_receipt", "0.000001", 1_000_000, item_id="C/A"),
            move(BEGIN, "purchase_receipt", 1, 3, item_id="C/B"),
            move(BEGIN, "sales_issue", -3, item_id="C/B"),
            move(day, "purchase_receipt", "0.000002", 2_000_000, item_id="C/A"),
            move(day, "purchase_receipt", 5, 3, item_id="C/B"),
        ]
    )
    tables, state = compute_with_state(as_table(rows[:3]), as_of=BEGIN, settings=LedgerSettings())

    def history(items: list[str]) -> pa.Table:
        raise AssertionError(f"{items} have no late document")

    delta = compute_incremental(
        as_table(rows[3:]), state=state, history=history, as_of=day, settings=LedgerSettings(), removed=as_table([])
    )
    whole, _ = compute_with_state(as_table(rows), as_of=day, settings=LedgerSettings())
    assert content_hash(merge(tables, delta)) == content_hash(whole)
    layers = whole.open_layers.to_pylist()
    assert [(row["item_id"], row["quantity_units"], row["layer_value"]) for row in layers] == [
        ("C/A", Decimal("0.000001"), 1), ("C/A", Decimal("0.000002"), 4), ("C/B", 3, 9),
    ]  # fmt: skip
