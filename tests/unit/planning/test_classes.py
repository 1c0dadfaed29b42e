"""Classes: shares that close, inertia at the cuts, and stated fall-backs where an input is missing."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning_cases import AS_OF, spine
from pydantic import ValidationError

from assets.planning.classification.abc import abc_index, pareto_shares
from assets.planning.classification.cells import cell_summary, disagreements
from assets.planning.classification.classify import classify
from assets.planning.classification.history import class_history, classes_and_history, refresh_dates
from assets.planning.classification.settings import ClassificationSettings
from assets.planning.sentences import in_words

KEYS = ["item_id", "warehouse_id"]
NO_ACCURACY = pd.DataFrame(columns=[*KEYS, "model", "is_chosen", "wape"])


def _history(rows: pd.DataFrame, units: np.ndarray) -> pd.DataFrame:
    """(rows, periods) of weekly demand ending before the as-of date."""
    periods = units.shape[1]
    weeks = pd.date_range(end=pd.Timestamp(AS_OF) - pd.Timedelta(days=7), periods=periods, freq="W-MON")
    frame = rows[KEYS].loc[rows.index.repeat(periods)].reset_index(drop=True)
    return frame.assign(
        period_start_date=np.tile(weeks, len(rows)), demand_units=units.ravel(), is_censored=False,
        demand_units_imputed=units.ravel(),
    )  # fmt: skip


def _consumption(rows: pd.DataFrame, units: list[float], value: list[float] | None = None) -> pd.DataFrame:
    return rows[KEYS].assign(consumption_units=units, consumption_value=np.nan if value is None else value)


def _classify(
    rows: pd.DataFrame, used: pd.DataFrame, units: np.ndarray | None = None, **options: object
) -> pd.DataFrame:
    history = _history(rows, np.ones((len(rows), 30)) if units is None else units)
    settings = options.pop("settings", ClassificationSettings())
    as_of = options.pop("as_of", AS_OF)
    previous = options.pop("previous", None)
    return classify(used, history, NO_ACCURACY, rows, as_of=as_of, settings=settings, previous=previous)  # type: ignore[arg-type]


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=40))
def test_shares_sum_to_one_and_classes_follow_the_order(values: list[float]) -> None:
    names = np.array([f"i{k:03d}" for k in range(len(values))])
    shares = pareto_shares(np.array(values), names)
    total = shares["consumption_share_rate"].sum()
    assert total == pytest.approx(1.0 if sum(values) > 0 else 0.0, abs=1e-9)
    index = abc_index(shares["share_before_rate"].to_numpy(), 0.8, 0.95)
    by_value = index[np.argsort(-np.array(values), kind="stable")]
    assert (np.diff(by_value) >= 0).all()
    assert (index[np.array(values) == 0] == 2).all()
    if sum(values) > 0:
        assert index[int(np.argmax(values))] == 0


def test_one_dominant_item_is_a_and_ties_are_broken_by_item() -> None:
    """A naive cumulative share (the item included) would put a 96 % item into C."""
    rows = spine(5, unit_cost_latest=1.0)
    found = _classify(rows, _consumption(rows, [960, 10, 10, 10, 10]))
    assert found["abc_class"].tolist() == ["A", "C", "C", "C", "C"]
    tied = _classify(rows, _consumption(rows, [100, 100, 100, 100, 100]))
    assert tied["abc_class"].tolist() == ["A", "A", "A", "A", "B"]


def test_value_basis_falls_back_and_says_so() -> None:
    rows = spine(4, unit_cost_latest=[10.0, np.nan, np.nan, 2.0], unit_price=[20.0, 8.0, np.nan, 4.0])
    found = _classify(rows, _consumption(rows, [1, 10, 10, 100]))
    assert found["value_basis"].tolist() == ["cost", "price", "units", "cost"]
    # price 8 at the median cost-to-price ratio of one half; the last at the median cost of 6
    assert found["annual_consumption_value"].tolist() == pytest.approx([10, 40, 60, 200])
    no_cost = _classify(rows.assign(unit_cost_latest=np.nan), _consumption(rows, [1, 10, 10, 100]))
    assert set(no_cost["value_basis"]) == {"price", "units"}
    bare = _classify(rows[KEYS], _consumption(rows, [1, 10, 10, 100]))
    assert (bare["value_basis"] == "units").all()
    assert bare["annual_consumption_value"].tolist() == [1, 10, 10, 100]


def test_a_company_with_another_currency_changes_no_value_class_or_advice() -> None:
    """Medians, windows and shares of each company are its own: 7 yuan are not compared with 7 dollars."""
    ours = spine(4, unit_cost_latest=[10.0, np.nan, np.nan, 2.0], unit_price=[20.0, 8.0, np.nan, 4.0])
    theirs = ours.assign(
        item_id=ours["item_id"].str.replace("c/", "d/"), unit_cost_latest=[900.0, 950.0, 990.0, 800.0], unit_price=1000.0,
        first_movement_date=pd.Timestamp(AS_OF) - pd.Timedelta(days=300),
    )  # fmt: skip
    ours["first_movement_date"] = pd.Timestamp(AS_OF) - pd.Timedelta(days=100)
    both = pd.concat([ours, theirs], ignore_index=True)
    alone, together = (
        _classify(rows, _consumption(rows, [1, 10, 10, 100] * (len(rows) // 4))) for rows in (ours, both)
    )
    pd.testing.assert_frame_equal(together[together["item_id"].str.startswith("c/")].reset_index(drop=True), alone)

    def advice(classes: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
        plan = rows[KEYS].assign(policy="s_s", on_hand_units=50.0, safety_stock_units=1.0, shortage_units=0.0)
        value = rows[KEYS].assign(on_hand_value=50 * rows["unit_cost_latest"].fillna(2.0))
        found = disagreements(classes, plan, value)
        return found[found["item_id"].str.startswith("c/")].reset_index(drop=True)

    assert "c_rich" in set(advice(alone, ours)["disagreement"])
    pd.testing.assert_frame_equal(advice(together, both), advice(alone, ours))


def test_censored_periods_are_no_variation() -> None:
    rows = spine(1, unit_cost_latest=1.0)
    history = _history(rows, np.full((1, 30), 10.0))
    history.loc[5:9, ["demand_units", "is_censored", "demand_units_imputed"]] = [0.0, True, np.nan]
    found = classify(
        _consumption(rows, [100]),
        history,
        NO_ACCURACY,
        rows,
        as_of=AS_OF,
        settings=ClassificationSettings(),
        previous=None,
    )
    assert found.loc[0, "xyz_class"] == "X"
    assert found.loc[0, "demand_pattern"] == "smooth"
    assert found.loc[0, "raw_cv_rate"] == 0


def test_a_seasonal_item_that_is_predicted_is_x() -> None:
    rows = spine(1, unit_cost_latest=1.0)
    units = np.where(np.arange(60) % 13 == 0, 60.0, 1.0)[None, :]
    accuracy = rows[KEYS].assign(model="m", is_chosen=True, wape=0.1)
    args = {"as_of": AS_OF, "previous": None}
    used = _consumption(rows, [100])
    by_error = classify(used, _history(rows, units), accuracy, rows, settings=ClassificationSettings(), **args)
    raw = ClassificationSettings(xyz_basis="raw_cv")
    by_raw = classify(used, _history(rows, units), accuracy, rows, settings=raw, **args)
    assert (by_error.loc[0, "xyz_class"], by_raw.loc[0, "xyz_class"]) == ("X", "Z")


def test_no_demand_and_short_history_are_z() -> None:
    rows = spine(2, unit_cost_latest=1.0)
    units = np.vstack([np.zeros(30), np.r_[np.zeros(27), 5, 5, 5]])
    found = _classify(rows, _consumption(rows, [0, 15]), units)
    assert found["abc_xyz_cell"].tolist() == ["CZ", "AZ"]
    assert found.loc[0, "demand_pattern"] == "none"
    assert "not available" in in_words(found.loc[0, "class_reason"], "en")


def test_hysteresis_holds_near_a_cut_and_yields_beyond_it() -> None:
    rows = spine(3, unit_cost_latest=1.0)
    first = _classify(rows, _consumption(rows, [78, 16, 6]), as_of=dt.date(2026, 1, 5))
    assert first["abc_class"].tolist() == ["A", "A", "B"]
    # the second item's share before it is 0.81: past the cut of 0.80, within the margin of 0.02
    near = _classify(rows, _consumption(rows, [81, 13, 6]), as_of=dt.date(2026, 4, 6), previous=first)
    assert near["abc_class"].tolist() == ["A", "A", "B"]
    assert "within the margin" in in_words(near.loc[1, "class_reason"], "en")
    assert near.loc[1, "valid_from_date"] == pd.Timestamp(2026, 1, 5)
    beyond = _classify(rows, _consumption(rows, [83, 11, 6]), as_of=dt.date(2026, 7, 6), previous=near)
    assert beyond["abc_class"].tolist() == ["A", "B", "B"]
    assert beyond.loc[1, "valid_from_date"] == pd.Timestamp(2026, 7, 6)
    assert in_words(beyond.loc[1, "class_reason"], "en").startswith("A to B")


def test_a_class_moves_at_most_once_a_quarter() -> None:
    rows = spine(3, unit_cost_latest=1.0)
    first = _classify(rows, _consumption(rows, [78, 16, 6]), as_of=dt.date(2026, 1, 5))
    same_quarter = _classify(rows, _consumption(rows, [94, 4, 2]), as_of=dt.date(2026, 3, 30), previous=first)
    assert same_quarter["abc_class"].tolist() == ["A", "A", "B"]
    on_demand = _classify(
        rows, _consumption(rows, [94, 4, 2]), as_of=dt.date(2026, 3, 30), previous=first,
        settings=ClassificationSettings(refresh="run"),
    )  # fmt: skip
    assert on_demand["abc_class"].tolist() == ["A", "B", "C"]


def test_history_is_the_same_whenever_it_is_rebuilt() -> None:
    rows = spine(6, unit_cost_latest=[1.0, 2, 3, 4, 5, 6])
    rng = np.random.default_rng(3)
    history = _history(rows, rng.poisson(rng.gamma(1, 8, (6, 1)) * np.linspace(0.2, 2, 100), (6, 100)).astype(float))
    daily = history.rename(columns={"period_start_date": "business_date"})
    made = [
        class_history(daily, history, NO_ACCURACY, rows, as_of=AS_OF, settings=ClassificationSettings())
        for _ in range(2)
    ]
    pd.testing.assert_frame_equal(made[0], made[1])
    for _, of_row in made[0].groupby(KEYS):
        starts, ends = of_row["valid_from_date"].tolist(), of_row["valid_to_date"].tolist()
        assert pd.isna(ends[-1])
        assert [end + pd.Timedelta(days=1) for end in ends[:-1]] == starts[1:]
    assert refresh_dates(dt.date(2026, 5, 9), "quarterly", 3) == [
        dt.date(2025, 10, 1), dt.date(2026, 1, 1), dt.date(2026, 4, 1),
    ]  # fmt: skip


def test_sales_that_are_older_than_the_first_stock_list_have_no_class_before_it() -> None:
    """Prevents: a company whose first list is of today and whose sales began years ago stopped the plan (no row to classify)."""
    rows = spine(3, unit_cost_latest=1.0, first_movement_date=[pd.Timestamp(AS_OF)] * 3)
    history = _history(rows, np.full((3, 100), 2.0))
    daily = history.rename(columns={"period_start_date": "business_date"})
    found = classes_and_history(
        _consumption(rows, [1, 2, 3]), daily, history, NO_ACCURACY, rows, as_of=AS_OF, settings=ClassificationSettings()
    )
    assert len(found.current) == 3 and found.history["valid_from_date"].unique().tolist() == [pd.Timestamp(AS_OF)]


def test_nine_cells_and_the_items_that_disagree() -> None:
    rows = spine(4, unit_cost_latest=1.0)
    classes = _classify(rows, _consumption(rows, [900, 60, 40, 0]))
    plan = rows[KEYS].assign(
        policy="s_s", on_hand_units=[0.0, 5, 500, 7], safety_stock_units=[50.0, 1, 1, 0], shortage_units=[50.0, 0, 0, 0]
    )
    value = rows[KEYS].assign(on_hand_value=[0.0, 5, 500, np.nan])
    summary = cell_summary(classes, plan, value)
    assert len(summary) == 9
    assert summary["item_warehouses"].sum() == 4
    assert summary["consumption_share_rate"].sum() == pytest.approx(1)
    assert summary["unvalued_item_warehouses"].sum() == 1
    found = disagreements(classes, plan, value)
    assert ("c/i0000", "a_without_stock") in set(zip(found["item_id"], found["disagreement"], strict=True))
    assert ("c/i0003", "stock_without_demand") in set(zip(found["item_id"], found["disagreement"], strict=True))


def test_settings_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValidationError, match="extra"):
        ClassificationSettings(abc_rate=0.8)  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="below"):
        ClassificationSettings(abc_a_rate=0.96)


def test_between_refreshes_only_new_rows_get_a_class_and_the_history_ends_with_the_present() -> None:
    """Prevents: a class that moves in the middle of a quarter because the daily run forgets what the refresh decided."""
    as_of = dt.date(2026, 1, 5)
    rows = spine(
        6, unit_cost_latest=1.0, first_movement_date=[pd.Timestamp(2024, 1, 1)] * 5 + [pd.Timestamp(2026, 1, 3)]
    )
    rng = np.random.default_rng(3)
    history = _history(rows, rng.poisson(rng.gamma(1, 8, (6, 1)) * np.linspace(0.2, 2, 100), (6, 100)).astype(float))
    daily = history.rename(columns={"period_start_date": "business_date"})
    daily = daily[daily["item_id"] != "c/i0005"]
    # consumption of today turns the order round: nothing may move before the next quarter
    today = _consumption(rows, [1, 2, 4, 8, 900, 5000])
    found = classes_and_history(
        today, daily, history, NO_ACCURACY, rows, as_of=as_of, settings=ClassificationSettings()
    )
    settled = class_history(daily, history, NO_ACCURACY, rows, as_of=as_of, settings=ClassificationSettings())
    open_rows = found.history[found.history["valid_to_date"].isna()].set_index(KEYS)["abc_class"]
    assert open_rows.to_dict() == found.current.set_index(KEYS)["abc_class"].to_dict()
    before = settled[settled["valid_to_date"].isna()].set_index(KEYS)["abc_class"]
    assert open_rows.iloc[:5].to_dict() == before.to_dict()
    assert found.current["valid_from_date"].iloc[5] == pd.Timestamp(2026, 1, 3)
    # the launch of two days ago is compared by what it would sell in a year, counted as if it were four weeks old
    assert found.current["annual_consumption_units"].tolist() == pytest.approx([1, 2, 4, 8, 900, 5000 * 365 / 28])
    at_once = classes_and_history(
        today, daily, history, NO_ACCURACY, rows, as_of=as_of, settings=ClassificationSettings(refresh="run")
    )
    assert at_once.current["abc_class"].tolist() != found.current["abc_class"].tolist()
