"""Lots and delivery quantities by hand arithmetic, at their bounds: where a slip orders a pack too many or none at all."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from assets.planning.policy.lots import lot_sizes
from assets.planning.policy.price_breaks import lots_with_breaks
from assets.planning.policy.rounding import clean_limits, round_down, round_up

NONE = math.nan


@pytest.mark.parametrize(
    ("rule", "cost", "review_days", "max_days", "lot", "is_fallback"),
    [
        ("eoq", 4.0, 7, 90, math.sqrt(2 * 50 * 3650 / 0.8), False),
        ("eoq", 4.0, 7, 30, 300.0, False),  # no more than 30 days of 10
        ("eoq", 400.0, 7, 90, 70.0, False),  # 67.5 could not keep up with a review of 7 days
        ("eoq", 4.0, 90, 30, 900.0, False),  # the review period goes before the limit of cover
        ("eoq", NONE, 7, 90, 140.0, True),
        ("eoq", 0.0, 7, 90, 140.0, True),
        ("eoq", math.inf, 7, 90, 140.0, True),
        ("cover", 4.0, 7, 90, 140.0, False),
        ("cover", NONE, 7, 90, 140.0, False),
        ("lot_for_lot", 4.0, 7, 90, 70.0, False),
    ],
)
def test_a_lot_is_between_the_demand_of_a_review_and_of_the_longest_cover(
    rule: str, cost: float, review_days: int, max_days: int, lot: float, is_fallback: bool
) -> None:
    """3650 a year, 50 an order, 0.2 a year for holding, 14 days of cover where the rule or a missing cost says so."""
    row = pd.DataFrame({"lot_rule": [rule], "lot_cover_days": [14], "review_period_days": [review_days]})
    lots, fallback = lot_sizes(
        row, np.array([3650.0]), np.array([cost]),
        order_cost_value=50.0, holding_rate=0.2, max_lot_cover_days=max_days,
    )  # fmt: skip
    assert lots[0] == pytest.approx(lot, rel=1e-12)
    assert bool(fallback[0]) is is_fallback


@pytest.mark.parametrize(
    ("quantity", "minimum", "multiple", "up", "down"),
    [
        (0.0, 5.0, 4.0, 0.0, 0.0),  # nothing wished is nothing ordered, whatever the minimum
        (-3.0, 5.0, 4.0, 0.0, 0.0),
        (-3.0, 5.0, 0.0, 0.0, 0.0),
        (0.4, 0.0, 0.0, 0.4, 0.4),
        (3.0, 5.0, 0.0, 5.0, 3.0),
        (7.0, 10.0, 4.0, 12.0, 4.0),
        (5.1, 0.0, 5.0, 10.0, 5.0),
        (10.0, 0.0, 5.0, 10.0, 10.0),
        (5.000000001, 0.0, 5.0, 5.0, 5.0),  # a multiple up to rounding
        (9.999999999, 0.0, 5.0, 10.0, 10.0),
        (1.3, 0.0, 0.5, 1.5, 1.0),
    ],
)
def test_what_is_delivered_is_whole_packs(
    quantity: float, minimum: float, multiple: float, up: float, down: float
) -> None:
    given = np.array([quantity]), np.array([minimum]), np.array([multiple])
    raised, lowered = round_up(*given), round_down(given[0], given[2])
    assert (raised[0], lowered[0]) == (up, down)
    assert not np.signbit(raised[0]), "a minus before a zero shows in a sheet"


def test_limits_that_make_no_sense_are_none() -> None:
    odd = np.array([NONE, -1.0, math.inf, 0.0, 3.0])
    for is_whole, smallest in ((True, 1.0), (False, 0.0)):
        moq, multiple = clean_limits(odd, odd, is_whole)
        assert moq.tolist() == [0.0, 0.0, 0.0, 0.0, 3.0]
        assert multiple.tolist() == [smallest] * 4 + [3.0]


@pytest.mark.parametrize(
    ("from_units", "price", "largest", "lot", "cost"),
    [
        (1000.0, 3.98, 5000.0, 1000.0, 3.98),  # 14527 + 182.50 + 398 a year, against 14600 + 270.19 + 270.19
        (1000.0, 3.99, 5000.0, math.sqrt(456_250), 4.0),  # 15145.00 is above 15140.37
        (100.0, 3.9, 5000.0, math.sqrt(365_000 / 0.78), 3.9),  # the economic lot at the lower price is beyond the break
        (100.0, 3.9, 600.0, 600.0, 3.9),  # and no more than the largest lot
        (1000.0, 3.0, 900.0, math.sqrt(456_250), 4.0),  # out of reach, whatever it saves
        (1000.0, 0.0, 5000.0, math.sqrt(456_250), 4.0),  # a price of nothing is none
    ],
)
def test_a_price_break_is_taken_where_the_year_becomes_cheaper(
    from_units: float, price: float, largest: float, lot: float, cost: float
) -> None:
    """3650 a year at 4, 50 an order, 0.2 for holding: 675.46 at a time. A second item has no break and stays as it is."""
    keys = pd.DataFrame({"item_id": ["A", "B"], "warehouse_id": ["W", "W"]})
    breaks = pd.DataFrame({"item_id": ["A"], "from_units": [from_units], "unit_cost": [price]})
    usual = np.full(2, math.sqrt(2 * 50 * 3650 / 0.8))
    lots, costs = lots_with_breaks(
        keys, usual, np.full(2, 3650.0), np.full(2, 4.0), breaks,
        order_cost_value=50.0, holding_rate=0.2, max_lot_units=np.full(2, largest),
    )  # fmt: skip
    assert lots == pytest.approx([lot, usual[1]]) and costs.tolist() == [cost, 4.0]
