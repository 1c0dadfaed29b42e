"""The demand history: periods, stock cover, censoring. Against day-by-day recounts, never against itself."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.planning.demand.history import build_demand_history
from assets.planning.demand.periods import last_complete_period, period_of_day, period_start_day
from assets.planning.demand.settings import DemandSettings
from assets.planning.demand.stock_cover import days_by_period

ITEM, HOUSE = "c/1", "c/w"


def daily(rows: list[tuple[str, float]], source: str = "shipments", item: str = ITEM) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item_id": item,
            "warehouse_id": HOUSE,
            "business_date": pd.to_datetime([d for d, _ in rows]),
            "demand_units": [u for _, u in rows],
            "shipped_units": [u for _, u in rows],
            "returned_units": 0.0,
            "demand_source": source,
            "is_promotion": False,
        }
    )


def balances(rows: list[tuple[str, str, float]], item: str = ITEM) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item_id": item,
            "warehouse_id": HOUSE,
            "valid_from_date": pd.to_datetime([a for a, _, _ in rows]),
            "valid_to_date": pd.to_datetime([b for _, b, _ in rows]),
            "available_units": [u for _, _, u in rows],
        }
    )


def spine(first: str | None = "2024-01-01", item: str = ITEM) -> pd.DataFrame:
    return pd.DataFrame({"item_id": [item], "warehouse_id": [HOUSE], "first_movement_date": [pd.Timestamp(first)]})


def build(demand: pd.DataFrame, stock: pd.DataFrame, base: pd.DataFrame, **options: object) -> pd.DataFrame:
    as_of = options.pop("as_of", date(2024, 1, 28))
    return build_demand_history(demand, stock, base, as_of=as_of, settings=DemandSettings(**options))


@given(st.integers(-20000, 30000), st.sampled_from(["D", "W", "M"]))
def test_a_day_lies_in_its_period_and_in_no_other(day: int, frequency: str) -> None:
    period = period_of_day(np.array([day]), frequency)
    assert period_start_day(period, frequency)[0] <= day < period_start_day(period + 1, frequency)[0]


def test_weeks_start_on_monday() -> None:
    start = period_start_day(period_of_day(np.array([19723]), "W"), "W")[0]
    assert np.datetime64(int(start), "D") == np.datetime64("2024-01-01")


@pytest.mark.parametrize(("as_of", "count"), [(date(2024, 1, 27), 3), (date(2024, 1, 28), 4), (date(2024, 1, 29), 4)])
def test_only_complete_weeks_are_kept(as_of: date, count: int) -> None:
    """A half week taken as a whole one would halve the newest level of every item."""
    history = build(daily([("2024-01-02", 1.0)]), balances([("2024-01-01", "2024-01-31", 5.0)]), spine(), as_of=as_of)
    assert len(history) == count
    assert last_complete_period(as_of, "W") - period_of_day(np.array([19723]), "W")[0] + 1 == count


def test_periods_without_demand_are_zero_and_not_left_out() -> None:
    history = build(
        daily([("2024-01-03", 2.0), ("2024-01-24", 3.0)]), balances([("2024-01-01", "2024-01-28", 9.0)]), spine()
    )
    assert history["demand_units"].tolist() == [2.0, 0.0, 0.0, 3.0]
    assert history["in_stock_rate"].tolist() == [1.0] * 4
    assert not history["is_censored"].any()
    assert history["demand_units_imputed"].tolist() == history["demand_units"].tolist()


def test_zero_demand_on_a_filled_shelf_is_never_censored_and_an_empty_shelf_always_is() -> None:
    history = build(
        daily([("2024-01-03", 4.0), ("2024-01-23", 4.0)]),
        balances(
            [("2024-01-01", "2024-01-14", 9.0), ("2024-01-15", "2024-01-21", 0.0), ("2024-01-22", "2024-01-28", 9.0)]
        ),
        spine(),
    )
    assert history["is_censored"].tolist() == [False, False, True, False]
    # The sell-out day itself still served: six of seven days are empty.
    assert history["in_stock_rate"].iloc[2] == pytest.approx(1 / 7)
    # Between a week of 0 (from the past, after 4) and a week of 4 (from the future) the hidden level is positive.
    assert 0 < history["demand_units_imputed"].iloc[2] < 4
    assert history["demand_units"].iloc[2] == 0


def test_days_before_the_first_movement_count_as_not_on_sale() -> None:
    history = build(daily([("2024-01-05", 3.0)]), balances([("2024-01-05", "2024-01-28", 5.0)]), spine("2024-01-05"))
    assert history["in_stock_rate"].iloc[0] == pytest.approx(3 / 7)
    assert history["is_censored"].iloc[0]


def test_orders_that_keep_coming_on_an_empty_shelf_are_not_censored() -> None:
    days = pd.date_range("2024-01-01", "2024-01-28").strftime("%Y-%m-%d")
    demand = daily([(d, 1.0) for d in days], source="orders")
    stock = balances([("2024-01-01", "2024-01-14", 9.0), ("2024-01-15", "2024-01-28", 0.0)])
    assert not build(demand, stock, spine())["is_censored"].any()
    assert build(demand, stock, spine(), are_orders_censored=True)["is_censored"].tolist() == [False, False, True, True]
    lost = daily([(d, 1.0) for d in days[:14]], source="orders")
    assert build(lost, stock, spine())["is_censored"].tolist() == [False, False, True, True]


def test_an_item_without_balances_has_no_rate_and_is_not_censored() -> None:
    history = build(daily([("2024-01-03", 2.0)]), balances([]), spine())
    assert history["in_stock_rate"].isna().all()
    assert not history["is_censored"].any()


def test_the_spine_may_not_name_a_key_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        build(daily([("2024-01-03", 2.0)]), balances([]), pd.concat([spine(), spine()]))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 40)), min_size=1, max_size=12),
    st.sampled_from(["D", "W", "M"]),
)
def test_interval_days_equal_a_day_by_day_count(spells: list[tuple[int, int]], frequency: str) -> None:
    """The vectorised spread of intervals over periods, against the naive loop."""
    first = np.array([19700 + a for a, _ in spells])
    last = first + np.array([b for _, b in spells])
    series, period, days = days_by_period(np.arange(len(spells)), first, last, frequency)
    got: dict[tuple[int, int], int] = {}
    for s, p, d in zip(series, period, days, strict=True):
        got[s, p] = got.get((s, p), 0) + int(d)
    want: dict[tuple[int, int], int] = {}
    for s in range(len(spells)):
        for day in range(first[s], last[s] + 1):
            p = int(period_of_day(np.array([day]), frequency)[0])
            want[s, p] = want.get((s, p), 0) + 1
    assert got == want


def test_totals_survive_whatever_the_grid() -> None:
    rng = np.random.default_rng(3)
    days = pd.date_range("2023-01-02", "2024-01-28").strftime("%Y-%m-%d")
    demand = daily([(d, float(u)) for d, u in zip(days, rng.poisson(1.0, len(days)), strict=True)])
    for frequency in ("D", "W"):
        history = build(demand, balances([]), spine("2023-01-02"), frequency=frequency)
        assert history["demand_units"].sum() == demand["demand_units"].sum()
        assert history["period_start_date"].is_monotonic_increasing
    kept = build(demand, balances([]), spine("2023-01-02"), max_periods=5)
    assert len(kept) == 5 and kept["period_start_date"].iloc[-1] == pd.Timestamp("2024-01-22")
