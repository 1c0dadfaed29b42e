"""Holidays against astronomy, life cycle and successors against hand-made cases."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from assets.planning.demand.calendar import calendar_features, easter_day
from assets.planning.demand.life_cycle import LifeCycleSettings, life_cycle
from assets.planning.demand.lunar_new_year import LUNAR_NEW_YEAR
from assets.planning.demand.periods import period_of_day
from assets.planning.demand.successors import inherit_demand, resolve_links

SUN_TERMS = [
    (-0.40720, (0, 1, 0)), (0.17241, (1, 0, 0)), (0.01608, (0, 2, 0)), (0.01039, (0, 0, 2)), (0.00739, (-1, 1, 0)),
    (-0.00514, (1, 1, 0)), (0.00208, (2, 0, 0)), (-0.00111, (0, 1, -2)), (-0.00057, (0, 1, 2)), (0.00056, (1, 2, 0)),
    (-0.00042, (0, 3, 0)), (0.00042, (1, 0, 2)), (0.00038, (1, 0, -2)), (-0.00024, (-1, 2, 0)),
]  # fmt: skip


def new_moon_in_beijing(k: int) -> date:
    """Day (UTC+8) of the k-th new moon after 2000-01-06 (Meeus ch. 49, main terms; minutes exact, which suffices)."""
    t = k / 1236.85
    jde = 2451550.09766 + 29.530588861 * k + 0.00015437 * t * t
    m = math.radians(2.5534 + 29.10535670 * k)
    moon = math.radians(201.5643 + 385.81693528 * k + 0.0107582 * t * t)
    f = math.radians(160.7108 + 390.67050284 * k - 0.0016118 * t * t)
    node = math.radians(124.7746 - 1.56375588 * k)
    e = 1 - 0.002516 * t
    jde += sum(c * (e if a else 1.0) ** abs(a) * math.sin(a * m + b * moon + d * f) for c, (a, b, d) in SUN_TERMS)
    jde -= 0.00017 * math.sin(node)
    return date(2000, 1, 1) + timedelta(days=math.floor(jde - 2451544.5 - 70 / 86400 + 8 / 24))


def sun_longitude(day: date) -> float:
    """Apparent longitude of the sun at Beijing midnight that ends `day`, degrees (Meeus ch. 25, low accuracy)."""
    t = ((day - date(2000, 1, 1)).days + 1 - 8 / 24 - 0.5) / 36525
    m = math.radians(357.52911 + 35999.05029 * t)
    centre = (1.914602 - 0.004817 * t) * math.sin(m) + 0.019993 * math.sin(2 * m) + 0.000289 * math.sin(3 * m)
    return (280.46646 + 36000.76983 * t + centre - 0.00569) % 360


@pytest.mark.parametrize("year", sorted(LUNAR_NEW_YEAR))
def test_lunar_new_year_is_the_second_or_third_new_moon_after_the_solstice(year: int) -> None:
    """Month 11 holds the winter solstice; the year starts two months later, three where a leap month (without a
    principal term) lies between. A wrong date would move a month of holiday demand."""
    moons = [
        new_moon_in_beijing(k) for k in range(int((year - 2000.15) * 12.3685) - 3, int((year - 2000) * 12.3685) + 4)
    ]
    solstice = next(
        date(year - 1, 12, 20) + timedelta(days=d)
        for d in range(5)
        if sun_longitude(date(year - 1, 12, 20) + timedelta(days=d)) >= 270
    )
    eleventh = max(k for k, moon in enumerate(moons) if moon <= solstice)
    after = eleventh + 1
    first = after + 1
    for k in (after, after + 1):
        opens, closes = sun_longitude(moons[k] - timedelta(days=1)), sun_longitude(moons[k + 1] - timedelta(days=1))
        if int(opens // 30) == int(closes // 30) and _months_to_next_solstice(moons, eleventh) == 13:
            first = after + 2
            break
    assert moons[first].isoformat() == LUNAR_NEW_YEAR[year]


def _months_to_next_solstice(moons: list[date], eleventh: int) -> int:
    """12 or 13 lunar months between two elevenths: 13 where the twelfth new moon after one comes before 21 December."""
    start = moons[eleventh]
    k = round(((start - date(2000, 1, 6)).days) / 29.530588861)
    later = new_moon_in_beijing(k + 13)
    return 13 if sun_longitude(later) <= 271 and later <= date(start.year + 1, 12, 22) else 12


@pytest.mark.parametrize(("year", "day"), [(2019, "2019-04-21"), (2024, "2024-03-31"), (2025, "2025-04-20")])
def test_easter(year: int, day: str) -> None:
    assert np.datetime64(easter_day(year), "D") == np.datetime64(day)


def test_features_spread_the_festival_over_weeks() -> None:
    start = np.datetime64("2024-01-01").astype("datetime64[D]").astype(np.int64)
    weeks = period_of_day(np.arange(start, start + 70, 7), "W")
    features = calendar_features(weeks, "W")
    # Eight days off from the eve, 2024-02-09 (a Friday): three in that week, five in the next.
    assert (features["lunar_new_year_rate"] * 7).round(6).tolist() == [0, 0, 0, 0, 0, 3, 5, 0, 0, 0]
    assert (features["lunar_new_year_run_up_rate"] * 7).sum() == pytest.approx(14)
    assert "trading_day_rate" not in features


def test_months_have_trading_days() -> None:
    features = calendar_features(np.array([648, 649]), "M", ("western",))  # January and February 2024
    working = (features["trading_day_rate"] + 1.0) * (365.25 / 12) * 5 / 7
    assert working.round(6).tolist() == [23, 21]


def history(units: dict[str, list[float]]) -> pd.DataFrame:
    parts = []
    for item, values in units.items():
        dates = pd.date_range("2023-01-02", periods=len(values), freq="7D")
        parts.append(
            pd.DataFrame(
                {
                    "item_id": item, "warehouse_id": "w", "period_start_date": dates, "demand_units": values,
                    "shipped_units": values, "returned_units": 0.0, "in_stock_rate": 1.0, "is_censored": False,
                    "is_promotion": False, "demand_units_imputed": values,
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_stages_follow_each_items_own_rhythm() -> None:
    """Ten quiet weeks are the end of an item sold weekly, and nothing for one sold each quarter."""
    weekly, quarterly = [3.0] * 50 + [0.0] * 10, ([1.0] + [0.0] * 12) * 4 + [1.0] + [0.0] * 7
    stages = life_cycle(
        history({"a": weekly, "b": quarterly, "c": [1.0] * 5, "d": [3.0] * 30 + [0.0] * 30, "e": [0.0] * 60}),
        LifeCycleSettings(),
    ).set_index("item_id")
    assert stages["life_cycle_stage"].to_dict() == {"a": "dying", "b": "active", "c": "new", "d": "dead", "e": "dead"}
    assert stages.loc["a", "silent_periods"] == 10
    assert pd.isna(stages.loc["e", "last_demand_date"])


def test_censored_silence_is_no_silence() -> None:
    frame = history({"a": [3.0] * 50 + [0.0] * 10})
    frame.loc[50:, "is_censored"] = True
    assert life_cycle(frame, LifeCycleSettings())["life_cycle_stage"].tolist() == ["active"]


def test_a_successor_inherits_through_a_chain() -> None:
    links = pd.DataFrame({"predecessor_item_id": ["a", "b"], "successor_item_id": ["b", "c"], "share_rate": [0.5, 0.8]})
    assert resolve_links(links) == {"a": ("c", 0.4), "b": ("c", 0.8)}
    frame = history({"a": [10.0, 10.0], "b": [0.0, 5.0], "c": [0.0, 1.0]})
    out = inherit_demand(frame, links).set_index(["item_id", "period_start_date"])["demand_units"]
    assert out["c"].tolist() == pytest.approx([4.0, 4.0 + 4.0 + 1.0])
    assert out["a"].tolist() == [10.0, 10.0]


@pytest.mark.parametrize(
    ("old", "new", "message"), [(["a", "a"], ["b", "c"], "two successors"), (["a", "b"], ["b", "a"], "circle")]
)
def test_impossible_links_are_refused(old: list[str], new: list[str], message: str) -> None:
    links = pd.DataFrame({"predecessor_item_id": old, "successor_item_id": new, "share_rate": 1.0})
    with pytest.raises(ValueError, match=message):
        resolve_links(links)
