"""The kernel and the plain reference say the same, to the last digit, on ledgers that do everything. Guards against every slip of the
kernel's bookkeeping: a lost layer, a value that drifts, a rounding at the wrong place."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_cases import START, as_table, ledgers
from ledger_reference import Reference
from ledger_reference_model import rounded

from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import LedgerTables, compute

AS_OF = START + timedelta(days=200)
SNAPSHOTS = [date(2024, 1, 31), date(2024, 2, 13), date(2024, 2, 29), date(2024, 3, 31), AS_OF]
STANDARDS = {
    "C/A": [(date(2024, 1, 1), Fraction("2.5")), (date(2024, 2, 10), Fraction("3.1"))],
    "C/B": [(date(2024, 2, 1), Fraction(7))],
}

COSTS = st.sampled_from(["fifo", "fifo", "specific", "moving_average", "monthly_average", "standard"])


@st.composite
def modes(draw: st.DrawFn) -> LedgerSettings:
    cost = draw(COSTS)
    flow = "fifo" if cost == "fifo" else draw(st.sampled_from(["fifo", "fefo", "lifo"]))
    lots = draw(st.sampled_from(["named", "named_else_any", "any"]))
    shared = ("L1", "L2") if lots == "named" and draw(st.booleans()) else ()
    return LedgerSettings(
        ageing=draw(st.sampled_from(["travelling", "resetting"])), flow=flow, cost=cost, lots=lots, shared_lots=shared
    )


def standards_table() -> pa.Table:
    rows = [(item, day, float(cost)) for item, costs in STANDARDS.items() for day, cost in costs]
    return pa.table(
        {
            name: list(column)
            for name, column in zip(("item_id", "effective_date", "unit_cost"), zip(*rows, strict=True), strict=True)
        }
    )


def run_kernel(rows: list[dict[str, Any]], mode: LedgerSettings) -> LedgerTables:
    standards = standards_table() if mode.cost == "standard" else None
    return compute(as_table(rows), as_of=AS_OF, settings=mode, snapshot_dates=SNAPSHOTS, standard_costs=standards)


def shown_layers(tables: LedgerTables) -> list[tuple[Any, ...]]:
    result = []
    for table, where in ((tables.open_layers, "at"), (tables.transit_layers, "under way")):
        for row in table.to_pylist():
            grain = [row[n] for n in ("item_id", "warehouse_id", "lot_no", "stock_status", "owner_type", "owner_code")]
            result.append(
                (
                    row["snapshot_date"], where, *grain, row["origin_date"], row["arrived_date"], row["origin_movement_key"],
                    Fraction(row["quantity_units"]), None if row["unit_cost"] is None else Fraction(row["unit_cost"]),
                    None if row["layer_value"] is None else Fraction(row["layer_value"]), row["is_cost_known"], row["lot_expiry_date"],
                )
            )  # fmt: skip
    return result


def in_order(layers: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(layers, key=repr)


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rows=ledgers(), mode=modes())
def test_kernel_equals_reference(rows: list[dict[str, Any]], mode: LedgerSettings) -> None:
    """Ledgers of a few dozen documents."""
    assert_equals_reference(rows, mode)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ledgers(max_events=60, span=120), mode=modes())
def test_kernel_equals_reference_at_length(rows: list[dict[str, Any]], mode: LedgerSettings) -> None:
    """Longer ledgers, other ones on every run."""
    assert_equals_reference(rows, mode)


def assert_equals_reference(rows: list[dict[str, Any]], mode: LedgerSettings) -> None:
    reference = Reference(mode, STANDARDS)
    reference.run(rows, SNAPSHOTS)
    tables = run_kernel(rows, mode)
    assert in_order(shown_layers(tables)) == in_order(reference.snapshots)
    for row, cost in zip(rows, tables.movement_costs.to_pylist(), strict=True):
        answer = reference.answers[row["movement_key"]]
        known = answer.known and answer.waits == 0 and row["is_valued"]
        assert cost["movement_key"] == row["movement_key"]
        assert cost["is_cost_known"] == known
        assert cost["cost_value"] == (answer.value if known else None)
        assert cost["settlement_value"] == (answer.settlement if row["is_valued"] else None)
        assert cost["cogs_settlement_value"] == (-answer.cogs_settlement if row["is_valued"] else None)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rows=ledgers(), mode=modes(), data=st.data())
def test_after_a_correction_the_stock_is_as_if_the_receipt_had_been_right(
    rows: list[dict[str, Any]], mode: LedgerSettings, data: st.DataObject
) -> None:
    """Up to the day as booked; from then on the layers of a ledger whose receipt was right, and nothing is lost on the way."""
    costed = [
        row for row in rows
        if row["movement_type"] in ("purchase_receipt", "production_receipt", "other_in", "opening")
        and row["quantity_units"] > 0 and row["is_valued"] and row["unit_cost"] is not None
    ]  # fmt: skip
    if not costed:
        return
    receipt = data.draw(st.sampled_from(costed))
    units, worth = receipt["quantity_units"], receipt["document_value"]
    worth = rounded(units * receipt["unit_cost"]) if worth is None else worth
    change = data.draw(st.sampled_from([-worth, -rounded(worth / 3), Fraction(1), Fraction("12345.67")]))
    day = START + timedelta(days=data.draw(st.integers(90, 150)))
    correction = {**receipt, "movement_key": "v", "corrects_key": receipt["movement_key"], "business_date": day}
    correction |= {
        "movement_type": "value_correction",
        "quantity_units": Fraction(0),
        "document_value": change,
        "unit_cost": None,
    }
    correction["movement_sequence"] = len(rows) + 1
    tables = run_kernel([*rows, correction], mode)
    booked, righted = Reference(mode, STANDARDS), Reference(mode, STANDARDS)
    booked.run(rows, SNAPSHOTS[:-1])
    right = {
        **receipt,
        "document_value": worth + change,
        "unit_cost": rounded((worth + change) / units, 8),
    }
    righted.run([right if row is receipt else row for row in rows], SNAPSHOTS[-1:])
    if all(row["business_date"] < day for row in rows):
        assert in_order(shown_layers(tables)) == in_order(booked.snapshots + righted.snapshots)
    assert all(tables.conservation["is_closed"].to_pylist()) and all(
        tables.transit_conservation["is_closed"].to_pylist()
    )


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rows=ledgers(), mode=modes())
def test_units_and_value_are_conserved(rows: list[dict[str, Any]], mode: LedgerSettings) -> None:
    tables = run_kernel(rows, mode)
    assert all(tables.conservation["is_closed"].to_pylist())
    assert all(tables.transit_conservation["is_closed"].to_pylist())
    for row in tables.conservation.to_pylist():
        here = [r for r in rows if (r["item_id"], r["warehouse_id"]) == (row["item_id"], row["warehouse_id"])]
        assert row["layer_units"] == sum(r["quantity_units"] for r in here)
    entries = tables.value_entries.to_pylist()
    # Before its month is closed, an average shows what it is so far.
    for day in [
        day for day in SNAPSHOTS if mode.cost != "monthly_average" or (day + timedelta(days=1)).day == 1 or day == AS_OF
    ]:
        layers = [
            row for row in tables.open_layers.to_pylist() if row["snapshot_date"] == day and row["owner_type"] == "own"
        ]
        for place in {(row["item_id"], row["warehouse_id"]) for row in layers}:
            here = [row for row in layers if (row["item_id"], row["warehouse_id"]) == place]
            booked = [e for e in entries if (e["item_id"], e["warehouse_id"]) == place and e["business_date"] <= day]
            is_known = all(row["is_cost_known"] for row in here)
            if is_known:
                assert sum(row["layer_value"] for row in here) == sum(e["entry_value"] or 0 for e in booked)
            if day == AS_OF:
                assert is_known == (sum(e["uncosted_stock_units"] for e in booked) == 0)


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rows=ledgers(), mode=modes(), data=st.data())
def test_order_of_rows_and_items_changes_nothing(
    rows: list[dict[str, Any]], mode: LedgerSettings, data: st.DataObject
) -> None:
    """Rows come in any order; items are independent of one another."""
    whole = run_kernel(rows, mode)
    shuffled = run_kernel(data.draw(st.permutations(rows)), mode)
    for (name, one), (_, other) in zip(whole.items(), shuffled.items(), strict=True):
        if name == "movement_costs":
            one, other = one.sort_by("movement_key"), other.sort_by("movement_key")
        assert one.to_pylist() == other.to_pylist(), name


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rows=ledgers())
def test_travelling_goods_are_never_younger_than_reset_ones(rows: list[dict[str, Any]]) -> None:
    """Under LIFO by arrival the same goods leave in both modes, so that layer by layer only dates differ: travelling <= resetting.

    And resetting dates are dates of arrival or earlier within the warehouse, never later than the snapshot."""
    tables = {
        mode: run_kernel(rows, LedgerSettings(ageing=mode, flow="lifo", cost="specific"))
        for mode in ("travelling", "resetting")
    }
    pairs = zip(tables["travelling"].open_layers.to_pylist(), tables["resetting"].open_layers.to_pylist(), strict=True)
    for travelling, resetting in pairs:
        assert travelling["quantity_units"] == resetting["quantity_units"]
        assert travelling["origin_date"] <= resetting["origin_date"] <= resetting["snapshot_date"]


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_and_chunks_change_nothing(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results do not depend on how the work is cut."""
    from ledger_random import random_rows

    import assets.ledger.engine as engine

    table = random_rows(7, 4000)
    once = compute(table, as_of=date(2025, 12, 31), settings=LedgerSettings())
    monkeypatch.setattr(engine, "CHUNK_ROWS", 150)
    again = compute(table, as_of=date(2025, 12, 31), settings=LedgerSettings(), threads=threads)
    for (name, one), (_, other) in zip(once.items(), again.items(), strict=True):
        assert one.equals(other), name
